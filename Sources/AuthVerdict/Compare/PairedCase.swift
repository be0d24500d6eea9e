import AuthResults
import Backends
import Foundation

/// One metric of one case in every repeat that both runs have.
struct PairedCase {
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
    func cases(of strategy: String) -> [PairedCase] {
        let repeats = base.throughput.keys.filter { $0.strategy == strategy && head.throughput[$0] != nil }
            .sorted { (Int($0.index) ?? 0) < (Int($1.index) ?? 0) }
        guard let first = repeats.first, let row = base.throughput[first] else { return [] }
        let isOpenLoop = !row["target_rate"].isEmpty
        // In an open loop the rate is that of the schedule.
        var cases =
            (isOpenLoop ? [] : [item(.throughput, repeats, field: "achieved_rate")])
            + [item(.cpu, repeats, field: "cpu_us_per_op")]
        let times = Set(repeats.flatMap { base.latency[$0, default: [:]].keys })
        for time in times.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            for metric in ComparedMetric.quantiles(time[1]) {
                cases.append(item(metric, repeats, field: String(metric.name.suffix(6)), time: time))
            }
        }
        // With too few samples on both sides everywhere there is nothing to say.
        return cases.filter { !$0.pairs.isEmpty || $0.left != nil }
    }

    private func item(
        _ metric: ComparedMetric, _ repeats: [Repeat], field: String, time: [String]? = nil
    ) -> PairedCase {
        var item = PairedCase(
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
            case (let base?, let head?): item.pairs.append((base, head))
            case (nil, nil): continue
            default: blank += 1
            }
        }
        if let first = invalid.first {
            item.left = first + (invalid.count > 1 ? "; and \(invalid.count - 1) more" : "")
        } else if blank > 0 {
            item.left =
                "one of the runs has too few samples in \(blank) of \(repeats.count) repeats: measure longer"
        }
        return item
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

/// A metric of which two runs are compared, and how much worse it may be.
package struct ComparedMetric: Sendable, Equatable {
    /// As in the rows of a verdict.
    package var name: String
    /// What a pass must be proved to stay below, as a fraction: 0.05 is 5 % worse.
    package var tolerance: Double
    /// What a regression must be proved to exceed.
    package var minimumEffect: Double
    package var isBetterWhenHigher = false

    static let throughput = Self(
        name: "throughput", tolerance: 0.08, minimumEffect: 0.05, isBetterWhenHigher: true)
    static let cpu = Self(name: "cpu_us_per_op", tolerance: 0.05, minimumEffect: 0.03)

    /// Those of the service or the response times.
    static func quantiles(_ clock: String) -> [Self] {
        let prefix = clock == LatencyClock.service.rawValue ? "" : "\(clock)_"
        return [
            Self(name: "\(prefix)p50_ns", tolerance: 0.08, minimumEffect: 0.05),
            Self(name: "\(prefix)p99_ns", tolerance: 0.15, minimumEffect: 0.10),
        ]
    }

    /// The log-ratio of the cost: above 0 when the head is worse.
    func cost(base: Double, head: Double) -> Double {
        isBetterWhenHigher ? log(base / head) : log(head / base)
    }
}
