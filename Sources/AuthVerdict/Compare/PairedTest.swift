import AuthResults
import AuthStatistics
import Backends
import Foundation

/// Judges all cases of two separate runs together.
///
/// The repeats of the two runs are paired by their place in the run, and each pair gives the logarithm of a ratio.
/// The test is the exact signed-rank test: Holm's correction keeps the chance of any false alarm among all
/// cases at 5 %, and a rank needs no assumption about the tails of noise that has bursts. What it is asked
/// is not whether there is a difference, but whether the head is worse by more than the minimum effect: two runs
/// of one build on one machine differ too, by its drift, and a drift that all repeats of a run share is no noise
/// to any test. Unpaired tests of such runs raise 17 to 23 % false alarms per case.
///
/// Intervals are those of Hodges and Lehmann that belong to the test. The intervals in the files are not
/// used: they say how well one run knows its own mean, and nothing of how much two runs differ.
///
/// A case passes when the upper end of its interval is below the tolerance, and when there are pairs enough for a
/// regression to be proved at all: a test that could not fail does not pass.
struct PairedTest {
    /// Of any false alarm among all cases.
    static let level = 0.05

    /// How many pairs it takes for a regression of any size to be proved among so many cases.
    static func pairsNeeded(cases: Int) -> Int {
        max(6, Int(log2(Double(max(1, cases)) / level).rounded(.up)))
    }

    private let cases: [PairedCase]
    private let workload: String
    /// By the number of pairs.
    private var provable: [Int: Double] = [:]

    init(_ cases: [PairedCase], workload: String) {
        self.cases = cases
        self.workload = workload
        let level = Self.level / Double(max(1, cases.count))
        for pairs in Set(cases.map(\.pairs.count)) where pairs >= Self.pairsNeeded(cases: cases.count) {
            provable[pairs] = ProvableEffect.deviations(pairs: pairs, level: level)
        }
    }

    /// One row for each case, in their order.
    var rows: [VerdictRow] {
        let costs = cases.map { item in
            item.pairs.map { item.metric.cost(base: $0.base, head: $0.head) }
        }
        let worse = zip(cases, costs).map { item, costs in
            let margin = log(1 + item.metric.minimumEffect)
            return SignedRank(costs.map { $0 - margin }).pGreater
        }
        let better = zip(cases, costs).map { item, costs in
            let margin = log(1 + item.metric.minimumEffect)
            return SignedRank(costs.map { $0 + margin }).pLess
        }
        let (adjustedWorse, adjustedBetter) = (Holm.adjusted(worse), Holm.adjusted(better))
        return cases.indices.map { index in
            var row = row(cases[index], costs[index])
            row.p = worse[index]
            row.adjusted_p = adjustedWorse[index]
            judge(&row, cases[index], costs[index], better: adjustedBetter[index])
            return row
        }
    }

    /// The numbers of a case without a judgement.
    func row(_ item: PairedCase, _ costs: [Double]) -> VerdictRow {
        let ratios = item.pairs.map { log($0.head / $0.base) }
        let sigma_b = costs.count > 1 ? DetectableEffect.sigma_b(costs) : nil
        var row = VerdictRow(
            strategy: item.strategy, workload: workload, operation: item.operation, clients: item.clients,
            metric: item.metric.name, base: QuantileRule.median(item.pairs.map(\.base)),
            head: QuantileRule.median(item.pairs.map(\.head)), n: item.pairs.count, sigma_b: sigma_b,
            verdict: .inconclusive)
        // With too few pairs for an interval by ranks, both the change and its interval are those of the mean.
        let location = HodgesLehmann(ratios).flatMap { location in
            location.interval95.map { (location.estimate, $0) }
        }
        let mean = ratios.isEmpty ? nil : ratios.reduce(0, +) / Double(ratios.count)
        row.change = (location?.0 ?? mean).map { exp($0) - 1 }
        let interval = location?.1 ?? StudentInterval.ofMean(ratios)
        row.interval = interval.map { Interval(low: exp($0.low) - 1, high: exp($0.high) - 1) }
        if let sigma_b, let deviations = provable[item.pairs.count] {
            row.mde = (1 + item.metric.minimumEffect) * exp(deviations * sigma_b) - 1
        }
        return row
    }

    private func judge(_ row: inout VerdictRow, _ item: PairedCase, _ costs: [Double], better: Double) {
        let count = item.pairs.count
        let needed = Self.pairsNeeded(cases: cases.count)
        let bound = HodgesLehmann(costs)?.upperBound(level: 0.025)
        if let adjusted_p = row.adjusted_p, adjusted_p <= Self.level {
            row.verdict = .regression
            row.why = "worse by more than \(VerdictText.percent(item.metric.minimumEffect, isSigned: false))"
        } else if let left = item.left {
            row.why = left
        } else if count < needed {
            row.why =
                "\(count) \(count == 1 ? "pair proves" : "pairs prove") nothing among \(cases.count) tests:"
                + " run both with --repeats \(needed) or more"
        } else if better <= Self.level {
            row.verdict = .improvement
            row.why = "better by more than \(VerdictText.percent(item.metric.minimumEffect, isSigned: false))"
        } else if let bound, bound < log(1 + item.metric.tolerance) {
            row.verdict = .pass
        } else {
            let tolerance = VerdictText.percent(item.metric.tolerance, isSigned: false)
            row.why = "may be worse by more than the tolerance of \(tolerance)"
        }
    }
}

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
