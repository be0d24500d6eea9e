import AuthCore
import AuthResults

/// Whether the rows of `outage.csv` agree with themselves and with their time lines.
struct OutageCheck {
    private(set) var faults: [String] = []

    init(_ record: RunRecord, _ rows: [TableRow], _ series: [TableRow]) {
        func key(_ row: TableRow) -> [String] { [row["strategy"], row["fault"], row["repeat"]] }
        var slices = Dictionary(grouping: series, by: key)
        var seen: Set<[String]> = []
        for row in rows {
            if !seen.insert(key(row)).inserted {
                faults.append(row.fault("a second row of \(key(row).joined(separator: ", "))"))
            }
            check(row)
            check(row, slices.removeValue(forKey: key(row)) ?? [])
        }
        for key in slices.keys.map({ $0.joined(separator: ", ") }).sorted() {
            faults.append("outage_series.csv: no row of outage.csv belongs to \(key)")
        }
        if rows.isEmpty { faults.append("outage.csv: has no rows, so nothing was measured") }
        if record.status == .running {
            faults.append("run.json: the status is \"running\": the run has not ended")
        }
        let (planned, measured) = (Set(record.order.joined()), Set(rows.map { $0["strategy"] }))
        if !measured.isSubset(of: planned) || record.status == .complete && measured != planned {
            faults.append("outage.csv: its strategies are not those of run.json")
        }
        let repeats = Dictionary(grouping: rows) { "\($0["strategy"]), \($0["fault"])" }
        for (one, own) in repeats.sorted(by: { $0.key < $1.key })
        where record.status == .complete && own.count != record.repeats {
            faults.append("outage.csv: \(one) has \(own.count) repeats, but run.json plans \(record.repeats)")
        }
    }

    private mutating func expect(_ isTrue: Bool, _ row: TableRow, _ text: @autoclosure () -> String) {
        if !isTrue { faults.append(row.fault(text())) }
    }

    private mutating func check(_ row: TableRow) {
        func count(_ name: String) -> UInt64 { row.count(name) ?? 0 }
        let fault = row["fault"]
        expect(
            fault == "none" || StoreFault(rawValue: fault) != nil, row,
            "fault is \"\(fault)\", which is unknown")
        let shares = ["decided_share", "late_share", "undecided_share"].compactMap { row.number($0) }
        expect(
            shares.isEmpty == (count("due_while_away") == 0)
                && (shares.isEmpty || abs(shares.reduce(0, +) - 1) < 2e-5), row,
            "the shares of decided, late and undecided do not sum to 1")
        expect(
            count("fault_start_ns") <= count("fault_end_ns")
                && (count("fault_end_ns") <= count("duration_ns") || !row.flag("valid")),
            row,
            "fault_start_ns, fault_end_ns and duration_ns are not in order")
        for (part, whole) in [
            ("due_while_away", "requests"), ("errors", "requests"), ("lost", "good_checked"),
            ("came_back", "signed_out_checked"),
        ] { expect(count(part) <= count(whole), row, "\(part) is more than \(whole)") }
        let isFailover = fault == StoreFault.failover.rawValue
        for name in ["replication_delay_ns", "wait_replicas", "came_back_theory"] {
            expect(row[name].isEmpty != isFailover, row, "\(name) does not go with the fault")
        }
        expect(row.flag("valid") == row["reason"].isEmpty, row, "valid and reason contradict each other")
    }

    private mutating func check(_ row: TableRow, _ slices: [TableRow]) {
        for (whole, part) in [
            ("requests", "due"), ("errors", "undecided"), ("good_refused", "good_refused"),
            ("wrong_accepts", "wrong_accepts"),
        ] {
            let sum = slices.reduce(0) { $0 + ($1.count(part) ?? 0) }
            expect(
                row.count(whole) == sum, row,
                "\(whole) is \(row[whole]), but \(part) of outage_series.csv sums to \(sum)")
        }
    }
}
