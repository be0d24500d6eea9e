import AuthCore
import AuthResults
import AuthStatistics

/// Whether the rows of `logout_everywhere.csv` agree with themselves, with each other and with the users of whom they tell.
struct LogoutEverywhereCheck {
    private(set) var faults: [String] = []
    private let record: RunRecord

    /// - Parameters:
    ///   - record: of the run.
    ///   - tables: the rows of each file.
    init(_ record: RunRecord, _ tables: [String: [TableRow]]) {
        self.record = record
        let rows = tables["logout_everywhere.csv"] ?? []
        let users = tables["logout_everywhere_users.csv"] ?? []
        func key(_ row: TableRow) -> [String] { [row["strategy"], row["sessions_per_user"], row["repeat"]] }
        var ended = Dictionary(grouping: users, by: key)
        var seen: Set<[String]> = []
        for row in rows {
            if !seen.insert(key(row)).inserted {
                faults.append(row.fault("a second row of \(key(row).joined(separator: ", "))"))
            }
            checkNames(row)
            checkLogouts(row, ended.removeValue(forKey: key(row)) ?? [])
            checkCounts(row)
            checkVerdict(row)
        }
        for key in ended.keys.map({ $0.joined(separator: ", ") }).sorted() {
            faults.append("logout_everywhere_users.csv: no row of logout_everywhere.csv belongs to \(key)")
        }
        checkCompleteness(rows)
    }

    private mutating func expect(_ isTrue: Bool, _ row: TableRow, _ text: @autoclosure () -> String) {
        if !isTrue { faults.append(row.fault(text())) }
    }

    private mutating func checkCompleteness(_ rows: [TableRow]) {
        if rows.isEmpty { faults.append("logout_everywhere.csv: has no rows, so nothing was measured") }
        if record.status == .running {
            faults.append("run.json: the status is \"running\": the run has not ended")
        }
        let (planned, measured) = (Set(record.order.joined()), Set(rows.map { $0["strategy"] }))
        if !measured.isSubset(of: planned) || record.status == .complete && measured != planned {
            faults.append("logout_everywhere.csv: its strategies are not those of run.json")
        }
        let cases = Dictionary(grouping: rows) { "\($0["strategy"]), \($0["sessions_per_user"]) sessions" }
        for (one, own) in cases.sorted(by: { $0.key < $1.key })
        where record.status == .complete && own.count != record.repeats {
            faults.append(
                "logout_everywhere.csv: \(one) has \(own.count) repeats, but run.json plans \(record.repeats)"
            )
        }
        let quiet = Set(rows.filter { $0["sessions_per_user"] == "0" }.map { $0["strategy"] })
        for row in rows where !row["n"].isEmpty && !quiet.contains(row["strategy"]) {
            faults.append(row.fault("no row of \(row["strategy"]) is without logouts"))
        }
    }

    private mutating func checkNames(_ row: TableRow) {
        expect(
            RevocationPromise(rawValue: row["revocation"]) != nil, row,
            "revocation is \"\(row["revocation"])\", which is unknown")
    }

    /// Calculates again from the users what the row says of them.
    private mutating func checkLogouts(_ row: TableRow, _ users: [TableRow]) {
        let walls_ns = users.compactMap { $0.number("wall_ns") }
        func mean(_ name: String) -> String {
            let sum = users.reduce(0) { $0 + ($1.number(name) ?? 0) }
            return users.isEmpty ? "" : (sum / Double(users.count)).formatted(digits: 2)
        }
        for (name, text) in [
            ("users", users.isEmpty ? "" : String(users.count)),
            ("logout_p50_ns", Cell.count(LogoutEverywhereAssessment.median_ns(walls_ns)).text),
            ("logout_max_ns", Cell.count(walls_ns.max().map { UInt64($0) }).text),
            ("store_commands_per_logout", mean("store_commands")),
            ("store_round_trips_per_logout", mean("store_round_trips")),
        ] {
            expect(
                row[name] == text, row,
                "\(name) is \"\(row[name])\", but logout_everywhere_users.csv gives \"\(text)\"")
        }
    }

    private mutating func checkCounts(_ row: TableRow) {
        func count(_ name: String) -> UInt64 { row.count(name) ?? 0 }
        for (part, whole) in [
            ("late_logouts", "users"), ("refused_before", "checked_before"),
            ("allowed_after", "checked_after"), ("others_wrong", "others_checked"), ("n", "operations"),
        ] { expect(count(part) <= count(whole), row, "\(part) is more than \(whole)") }
        let sessions = count("sessions_per_user").multipliedReportingOverflow(by: count("users")).partialValue
        expect(
            count("checked_before") == sessions, row, "checked_before is not sessions_per_user x users")
        expect(
            count("checked_after") == 2 * sessions, row,
            "checked_after is not twice sessions_per_user x users")
        let (p50, p99) = (row.count("p50_ns") ?? 0, row.count("p99_ns") ?? .max)
        expect(p50 <= p99, row, "p50_ns is more than p99_ns")
        expect(
            (p99 == .max) == (count("n") < QuantileRule.minimumCount(for: 0.99)), row,
            "p99_ns does not go with n")
    }

    /// Judges the row by the rules that its writer had.
    private mutating func checkVerdict(_ row: TableRow) {
        expect(row.flag("valid") == row["reason"].isEmpty, row, "valid and reason contradict each other")
        guard !row["n"].isEmpty else { return expect(!row.flag("valid"), row, "valid without a request") }
        let faults = LogoutEverywhereFacts(row).faults(
            besides: ValidityFacts(row, on: record.machine).invalidities)
        expect(
            row.flag("valid") == faults.isEmpty, row,
            "valid is \(row["valid"]), but "
                + (faults.isEmpty
                    ? "nothing in the row says why" : faults.map(\.reason).joined(separator: "; ")))
    }
}
