import AuthCore

/// Whether the rows are those that the run should have: each cell once, and all of them when it came to its end.
struct CompletenessCheck {
    private(set) var faults: [String] = []

    init(_ record: ResultReader.RecordHead, _ rows: [String: [TableRow]]) {
        let throughput = rows["throughput.csv"] ?? []
        once(throughput, by: ["strategy", "repeat"])
        once(throughput, by: ["run_order"])
        once(rows["latency.csv"] ?? [], by: ["strategy", "repeat", "operation", "clock"])
        once(rows["size.csv"] ?? [], by: ["strategy", "claim_profile"])
        if !["complete", "interrupted", "failed"].contains(record.status) {
            faults.append("run.json: the status is \"\(record.status)\": the run has not ended")
        }
        if throughput.isEmpty { faults.append("throughput.csv: has no rows, nothing was measured") }
        order(throughput, record)
        for strategy in Set(throughput.map { $0["strategy"] }).sorted() {
            let profiles = (rows["size.csv"] ?? []).filter { $0["strategy"] == strategy }.count
            if profiles != ClaimProfile.allCases.count {
                faults.append("size.csv: \(profiles) rows of \(strategy), not one for each claim profile")
            }
        }
    }

    private mutating func once(_ rows: [TableRow], by names: [String]) {
        var seen: Set<[String]> = []
        for row in rows where !seen.insert(names.map { row[$0] }).inserted {
            faults.append(row.fault("a second row of \(names.map { row[$0] }.joined(separator: ", "))"))
        }
    }

    /// `run.json` says in which order the strategies were measured; each row must be where that says.
    private mutating func order(_ rows: [TableRow], _ record: ResultReader.RecordHead) {
        let planned = record.order.enumerated().flatMap { index, strategies in
            strategies.map { (strategy: $0, repeat: index + 1) }
        }
        for row in rows {
            let place = Int(row["run_order"]) ?? 0
            guard 1...max(1, planned.count) ~= place, !planned.isEmpty,
                planned[place - 1].strategy == row["strategy"],
                String(planned[place - 1].repeat) == row["repeat"]
            else {
                faults.append(row.fault("run_order \(place) is another measurement in run.json"))
                continue
            }
        }
        if record.status == "complete", rows.count != planned.count {
            faults.append("throughput.csv: \(rows.count) rows of a complete run that has \(planned.count)")
        }
    }
}
