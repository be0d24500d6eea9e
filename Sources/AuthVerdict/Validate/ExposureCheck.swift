import AuthCore
import AuthResults
import Backends

/// Whether the rows of `exposure.csv` agree with themselves.
struct ExposureCheck {
    private(set) var faults: [String] = []

    init(_ record: RunRecord, _ rows: [TableRow]) {
        var seen: Set<[String]> = []
        for row in rows {
            let key = [row["strategy"], row["withdrawal"]]
            if !seen.insert(key).inserted {
                faults.append(row.fault("a second row of \(key.joined(separator: ", "))"))
            }
            checkNames(row)
            checkOrder(row)
            checkVerdict(row)
        }
        if rows.isEmpty { faults.append("exposure.csv: has no rows, so nothing was measured") }
        let planned = Set(record.order.joined())
        let measured = Set(rows.map { $0["strategy"] })
        if record.status == .running {
            faults.append("run.json: the status is \"running\": the run has not ended")
        }
        if !measured.isSubset(of: planned) || record.status == .complete && measured != planned {
            faults.append("exposure.csv: its strategies are not those of run.json")
        }
    }

    private mutating func expect(_ isTrue: Bool, _ row: TableRow, _ text: @autoclosure () -> String) {
        if !isTrue { faults.append(row.fault(text())) }
    }

    private mutating func checkNames(_ row: TableRow) {
        expect(
            Revocation(rawValue: row["withdrawal"]) != nil, row,
            "revocation is \"\(row["withdrawal"])\", which is unknown")
        expect(
            RevocationPromise(rawValue: row["revocation"]) != nil, row,
            "revocation is \"\(row["revocation"])\", which is unknown")
    }

    private mutating func checkOrder(_ row: TableRow) {
        for names in [
            ["p50_ms", "p99_ms", "max_ms"], ["p50_ci95_low_ms", "p50_ms", "p50_ci95_high_ms"],
            ["p99_ci95_low_ms", "p99_ms", "p99_ci95_high_ms"],
            ["login_p50_ms", "login_max_ms"],
            ["theory_p50_ms", "theory_p99_ms", "theory_max_ms", "lifetime_ms"],
        ] {
            let values = names.compactMap { row.number($0) }
            expect(values == values.sorted(), row, "\(names.joined(separator: ", ")) are not in order")
        }
        let count = row.count("n") ?? 0
        for name in ["contested", "unresolved"] {
            expect(row.count(name) ?? 0 <= count, row, "\(name) is more than n")
        }
        expect(
            row.count("accepted_after") ?? 0 <= row.count("requests") ?? 0, row,
            "accepted_after is more than requests")
        expect(count > 0 || row["max_ms"].isEmpty, row, "max_ms without a credential")
        let logins = row.count("login_n") ?? 0
        expect((logins > 0) != row["login_max_ms"].isEmpty, row, "login_max_ms does not go with login_n")
        let isOutlived = row.number("login_max_ms") ?? 0 > row.number("login_longest_ms") ?? 0
        expect(
            !isOutlived || row["false_accepts"] != "0", row,
            "login_max_ms above login_longest_ms is no false accept")
    }

    private mutating func checkVerdict(_ row: TableRow) {
        let isImmediate = row["revocation"] == RevocationPromise.immediate.rawValue
        expect(
            row["ks_distance"].isEmpty == (isImmediate || row["n"] == "0"), row,
            "ks_distance does not go with revocation")
        expect(
            row["matches_theory"].isEmpty != row["reason"].isEmpty, row,
            "matches_theory and reason contradict each other")
        if isImmediate {
            expect(
                row.count("false_accepts") ?? 0 >= row.count("accepted_after") ?? 0, row,
                "accepted_after is no false accept")
            expect(
                (row.number("max_ms") ?? 0 > 0) == (row.count("accepted_after") ?? 0 > 0), row,
                "max_ms and accepted_after contradict each other")
        }
        if row.flag("matches_theory") {
            expect(
                isImmediate
                    ? row["accepted_after"] == "0"
                    : row.number("ks_distance") ?? 1 <= row.number("ks_critical") ?? 0, row,
                "matches_theory, but the numbers do not")
        }
    }
}
