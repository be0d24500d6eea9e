import AuthCore

/// Whether `latency.csv` says what the histograms say: each row is calculated anew from its histogram.
struct LatencyCheck {
    private(set) var faults: [String] = []

    init(_ record: ResultReader.RecordHead, _ rows: [TableRow], _ histograms: [String: HistogramFile]) {
        let identity = RunIdentity(
            runID: record.run_id, workload: record.workload.name, traceSHA256: record.trace_sha256)
        let columns = LatencyTable.columns(identity)
        var used: Set<String> = []
        for row in rows {
            let name = "\(row["strategy"])-\(row["repeat"])-\(row["operation"])-\(row["clock"]).json"
            guard let file = histograms[name] else {
                faults.append(row.fault("there is no histograms/\(name)"))
                continue
            }
            used.insert(name)
            guard let again = Self.row(file) else {
                faults.append("histograms/\(name): unknown operation or clock")
                continue
            }
            for column in columns where column.cell(again).text != row[column.name] {
                faults.append(
                    row.fault(
                        "\(column.name) is \"\(row[column.name])\", but its histogram gives"
                            + " \"\(column.cell(again).text)\""))
            }
        }
        for name in histograms.keys.sorted() where !used.contains(name) {
            faults.append("histograms/\(name): no row of latency.csv belongs to it")
        }
    }

    /// A row as the writer would make it.
    static func row(_ file: HistogramFile) -> LatencyTable.Row? {
        guard let kind = OperationKind.allCases.first(where: { $0.name == file.head.operation }),
            let clock = LatencyClock(rawValue: file.head.clock)
        else { return nil }
        return LatencyTable.Row(
            strategy: file.head.strategy, repeatIndex: file.head.repeat,
            latency: .init(kind: kind, clock: clock, times: file.times))
    }
}

/// Whether `summary.csv` says what follows from the histograms and from `throughput.csv`.
struct SummaryCheck {
    private(set) var faults: [String] = []

    init(_ record: ResultReader.RecordHead, _ rows: [TableRow], _ repeats: [RepeatFigures]) {
        let identity = RunIdentity(
            runID: record.run_id, workload: record.workload.name, traceSHA256: record.trace_sha256)
        let columns = SummaryTable.columns(identity)
        let again = SummaryTable.rows(repeats)
        if rows.count != again.count {
            faults.append("summary.csv: \(rows.count) rows, but the other files give \(again.count)")
        }
        for (row, own) in zip(rows, again) {
            for column in columns where column.cell(own).text != row[column.name] {
                faults.append(
                    row.fault(
                        "\(column.name) is \"\(row[column.name])\", but the other files give"
                            + " \"\(column.cell(own).text)\""))
            }
        }
    }
}
