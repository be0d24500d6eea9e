/// One metric of one cell in every repeat that both runs have.
struct PairedCell {
    var strategy: String
    /// Empty for all operations together.
    var operation: String
    var clients: Int
    var metric: ComparedMetric
    var pairs: [(base: Double, head: Double)] = []
    /// Why repeats are left out, in one phrase; `nil` when none is.
    var left: String?
}

/// The repeats of two runs side by side.
struct RepeatPairs {
    private struct Repeat: Hashable {
        var strategy: String
        var index: String
    }

    private let base: Side
    private let head: Side

    /// The rows of one folder, found by their repeat.
    private struct Side {
        var throughput: [Repeat: TableRow] = [:]
        /// By operation and clock.
        var latency: [Repeat: [[String]: TableRow]] = [:]

        init(_ reader: ResultReader) {
            for row in reader.rows(of: "throughput.csv") { throughput[Self.key(row)] = row }
            for row in reader.rows(of: "latency.csv") {
                latency[Self.key(row), default: [:]][[row["operation"], row["clock"]]] = row
            }
        }

        static func key(_ row: TableRow) -> Repeat { Repeat(strategy: row["strategy"], index: row["repeat"]) }
    }

    init(base: ResultReader, head: ResultReader) {
        self.base = Side(base)
        self.head = Side(head)
    }

    /// Every metric of a strategy that both runs have.
    func cells(of strategy: String) -> [PairedCell] {
        let repeats = base.throughput.keys.filter { $0.strategy == strategy && head.throughput[$0] != nil }
            .sorted { (Int($0.index) ?? 0) < (Int($1.index) ?? 0) }
        guard let first = repeats.first, let row = base.throughput[first] else { return [] }
        let isOpenLoop = !row["target_rate"].isEmpty
        // In an open loop the rate is that of the schedule.
        var cells =
            (isOpenLoop ? [] : [cell(.throughput, repeats, field: "achieved_rate")])
            + [cell(.cpu, repeats, field: "cpu_us_per_op")]
        let times = Set(repeats.flatMap { base.latency[$0, default: [:]].keys })
        for time in times.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            for metric in ComparedMetric.quantiles(time[1]) {
                cells.append(cell(metric, repeats, field: String(metric.name.suffix(6)), time: time))
            }
        }
        // With too few samples on both sides everywhere there is nothing to say.
        return cells.filter { !$0.pairs.isEmpty || $0.left != nil }
    }

    private func cell(
        _ metric: ComparedMetric, _ repeats: [Repeat], field: String, time: [String]? = nil
    ) -> PairedCell {
        var cell = PairedCell(
            strategy: repeats[0].strategy, operation: time?[0] ?? "",
            clients: Int(base.throughput[repeats[0]]?["clients"] ?? "") ?? 0, metric: metric)
        var (invalid, blank) = ([String](), 0)
        for one in repeats {
            if let reason = fault(one) {
                invalid.append("repeat \(one.index) \(reason)")
                continue
            }
            func value(_ side: Side) -> Double? {
                let row = time.map { side.latency[one]?[$0] } ?? side.throughput[one]
                return row?.number(field).flatMap { $0 > 0 ? $0 : nil }
            }
            switch (value(base), value(head)) {
            case (let base?, let head?): cell.pairs.append((base, head))
            case (nil, nil): continue
            default: blank += 1
            }
        }
        if let first = invalid.first {
            cell.left = first + (invalid.count > 1 ? "; and \(invalid.count - 1) more" : "")
        } else if blank > 0 {
            cell.left = "too few samples in one of the runs in \(blank) of \(repeats.count) repeats"
        }
        return cell
    }

    private func fault(_ one: Repeat) -> String? {
        for (name, side) in [("base", base), ("head", head)] {
            if let row = side.throughput[one], !row.flag("valid") {
                return "is not valid in the \(name): \(row["reason"])"
            }
        }
        return nil
    }
}

extension ResultReader {
    func rows(of file: String) -> [TableRow] { tables[file]?.rows(of: file) ?? [] }

    /// Those measured, in the order of `size.csv`, which is that of the registry.
    var strategies: [String] {
        let measured = Set(rows(of: "throughput.csv").map { $0["strategy"] })
        var seen: Set<String> = []
        return rows(of: "size.csv").map { $0["strategy"] }
            .filter { measured.contains($0) && seen.insert($0).inserted }
    }
}
