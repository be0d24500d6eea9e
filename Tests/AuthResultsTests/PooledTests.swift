import AuthCore
import AuthStatistics
import Foundation
import Testing

@testable import AuthResults

/// Repeats of which the truth is known: each has a level of its own, and noise within that lasts from slice to slice.
private struct SyntheticRun {
    var random: RandomSource
    /// Between repeats, and of slices within one, as logarithms.
    var levelNoise = 0.04
    var sliceNoise = 0.05
    /// Of neighbouring slices, measured on a virtual machine.
    var correlation = 0.5
    /// Operations in a slice, on average.
    var operations = 1000.0

    init(seed: UInt64) { random = RandomSource(seed: seed) }

    private mutating func normal() -> Double {
        (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
    }

    /// One repeat, whose rates and times have medians of 1000 in a slice and 10 µs.
    mutating func repeated(_ index: Int) -> RepeatFigures {
        let level = levelNoise * normal()
        var state = normal()
        let slices = (0..<40).map { _ in
            state = correlation * state + (1 - correlation * correlation).squareRoot() * normal()
            let factor = exp(level + sliceNoise * state)
            return times(factor)
        }
        return Self.figures(index, slices)
    }

    /// Service times spread by 30 % about a median that goes with the rate; at few places, as that is quicker.
    private func times(_ factor: Double) -> LatencyHistogram {
        let places = [-1.9600, -1.0364, -0.5244, 0, 0.5244, 1.0364, 1.9600]
        let count = UInt64((operations / factor / Double(places.count)).rounded())
        return LatencyHistogram(
            places.map { place in
                let time_ns = 10_000 * exp(0.3 * place) * factor
                return .init(index: BucketLayout.index(of: UInt64(time_ns)), count: count)
            })
    }

    static func figures(
        _ index: Int, _ slices: [LatencyHistogram], wall_ns: UInt64 = 1_000_000_000, isValid: Bool = true
    ) -> RepeatFigures {
        var measurement = RepeatMeasurement(
            strategy: "s", repeatIndex: index, runOrder: index, clients: 2, operations: [], wall_ns: wall_ns,
            usage: Usage())
        measurement.isByDuration = true
        var figures = RepeatFigures(measurement, [])
        let sliced = SlicedHistogram(slices)
        figures.times = [.init(operation: "authenticate", clock: "service"): sliced]
        figures.tally.completed = sliced.total.count
        figures.isValid = isValid
        return figures
    }
}

@Suite("Pooled figures")
struct PooledTests {
    private let key = RepeatFigures.Key(operation: "authenticate", clock: "service")

    /// How often the intervals of the rate and of the median cover the truth, of so many runs.
    private func coverage(
        repeats: Int, runs: Int = 600, _ change: (inout SyntheticRun) -> Void = { _ in }
    ) -> (rate: Double, median: Double) {
        var run = SyntheticRun(seed: UInt64(repeats))
        change(&run)
        // The mean of a lognormal rate, and the median of times that are alike in distribution.
        let variance = pow(run.levelNoise, 2) + pow(run.sliceNoise, 2)
        let rate = run.operations * 40 * exp(variance / 2)
        var (rates, medians) = (0, 0)
        for _ in 0..<runs {
            let pooled = Pooled((1...repeats).map { run.repeated($0) })
            if let own = pooled.rateInterval, own.low <= rate, rate <= own.high { rates += 1 }
            if let own = pooled.intervals(key)[0], own.low <= 10_000, 10_000 <= own.high { medians += 1 }
        }
        return (Double(rates) / Double(runs), Double(medians) / Double(runs))
    }

    @Test(
        "95 % of repeats that differ by 3 to 5 % covers the truth that often, for 3, 5 and 12 repeats",
        arguments: zip([3, 5, 12], [0.05, 0.03, 0.05]))
    func covers(repeats: Int, noise: Double) {
        let share = coverage(repeats: repeats) { $0.levelNoise = noise }
        #expect(share.rate >= 0.93, "\(share)")
        #expect(share.median >= 0.93, "\(share)")
        #expect(share.rate <= 0.985, "not by being wider than it must: \(share)")
    }

    @Test("one repeat alone covers its own level, though neighbouring slices are alike")
    func one() {
        let share = coverage(repeats: 1, runs: 1500) { $0.levelNoise = 0 }
        #expect(0.91...0.97 ~= share.rate, "\(share)")
        #expect(share.median >= 0.91, "\(share)")
    }

    @Test("one repeat alone says nothing of how much repeats differ")
    func within() {
        let share = coverage(repeats: 1, runs: 300) {
            $0.levelNoise = 0.05
            $0.sliceNoise = 0.02
        }
        #expect(share.rate < 0.6, "which is why the documents say what it is of: \(share)")
    }

    @Test("every figure lies in its interval, of one repeat and of several")
    func contained() throws {
        var run = SyntheticRun(seed: 5)
        run.levelNoise = 0.5
        run.sliceNoise = 0.8
        run.operations = 5000
        for repeats in [1, 2, 3, 7] {
            for _ in 0..<30 {
                let pooled = Pooled((1...repeats).map { run.repeated($0) })
                let (rate, interval) = (try #require(pooled.rate), try #require(pooled.rateInterval))
                #expect(interval.low <= rate && rate <= interval.high)
                for (quantile, interval) in zip(Assessment.quantiles, pooled.intervals(key)) {
                    let value = Double(try #require(pooled.times(key).supported_ns(quantile)))
                    let interval = try #require(interval)
                    #expect(interval.low <= value && value <= interval.high)
                }
            }
        }
    }

    private func repeated(_ index: Int, _ perSlice: UInt64, isValid: Bool = true) -> RepeatFigures {
        let slice = LatencyHistogram([.init(index: 1000 + index, count: perSlice)])
        return SyntheticRun.figures(index, Array(repeating: slice, count: 40), isValid: isValid)
    }

    @Test("a repeat that must not be used is in no figure: 1.67 and a throttled 0.54 million are 1.67")
    func valid() {
        let mixed = Pooled([repeated(1, 41_750), repeated(2, 13_500, isValid: false)])
        #expect(mixed.rate == 1_670_000 && mixed.isValid)
        #expect(mixed.repeats == 2 && mixed.validRepeats == 1)
        #expect(mixed.times(key).count == 1_670_000)
        #expect(mixed.rateInterval?.low == 1_670_000, "that of the one repeat, whose slices are alike")
    }

    @Test("where no repeat is valid, the figures are those of all and marked")
    func allInvalid() {
        let none = Pooled([
            repeated(1, 41_750, isValid: false), repeated(2, 13_500, isValid: false),
        ])
        #expect(none.rate == 1_105_000 && !none.isValid)
        #expect(none.times(key).count == 2_210_000)
    }

    @Test(
        "the clients needed are the rate times the mean time of all kinds of operation, invalid repeats left out"
    )
    func needed() throws {
        func repeated(
            _ index: Int, _ kinds: [(operation: String, clock: String, time_ns: UInt64, count: Int)],
            isValid: Bool = true
        )
            -> RepeatFigures
        {
            var figures = SyntheticRun.figures(index, [], isValid: isValid)
            figures.times = [:]
            for (operation, clock, time_ns, count) in kinds {
                let times = LatencyHistogram([
                    .init(index: BucketLayout.index(of: time_ns), count: UInt64(count))
                ])
                figures.times[.init(operation: operation, clock: clock)] = SlicedHistogram([times])
            }
            let service = kinds.filter { $0.clock == "service" }
            figures.tally.completed = service.reduce(0) { $0 + UInt64($1.count) }
            // Renewals beside the operations take their time, and are none.
            figures.renewals = service.reduce(0) { $0 + ($1.operation == "renew" ? UInt64($1.count) : 0) }
            figures.tally.completed -= figures.renewals
            return figures
        }
        // Nine reads of 1.1 ms and a login of 2.1 ms take 12 ms: at 1000 a second 1.2 of them are under way.
        let pooled = Pooled([
            repeated(
                1,
                [
                    ("authenticate", "service", time_ns: 1_100_000, count: 900),
                    ("login", "service", time_ns: 2_100_000, count: 100),
                    ("authenticate", "response", time_ns: 9_000_000, count: 900),
                ]),
            repeated(2, [("authenticate", "service", time_ns: 50_000_000, count: 900)], isValid: false),
        ])
        #expect(abs(try #require(pooled.neededClients) - 1.2) < 0.002)
        #expect(Pooled([repeated(1, [])]).neededClients == nil)
        let renewing = Pooled([
            repeated(
                1,
                [
                    ("authenticate", "service", time_ns: 1_000_000, count: 900),
                    ("renew", "service", time_ns: 2_000_000, count: 90),
                ])
        ])
        #expect(abs(try #require(renewing.neededClients) - 1.2) < 0.002)
        #expect(renewing.renewals_perOperation == 0.1)
    }

    @Test("two repeats that have little in common get an interval that files can hold")
    func apart() throws {
        let far = SyntheticRun.figures(
            2, Array(repeating: LatencyHistogram([.init(index: 25_000, count: 1)]), count: 40))
        let pooled = Pooled([repeated(1, 40_000), far])
        let columns = SummaryTable.columns(RunIdentity(runID: "r", workload: "w", traceSHA256: "a"))
        let row = try #require(SummaryTable.rows([repeated(1, 40_000), far]).first)
        for column in columns {
            #expect(column.kind.accepts(column.cell(row).text), "\(column.name) \(column.cell(row).text)")
        }
        #expect(pooled.rateInterval?.high == 1000e9)
    }
}

@Suite("Summary")
struct SummaryTests {
    private func measurement(_ strategy: String, _ index: Int, _ perSlice: UInt64, throttled: Bool = false)
        -> Assessment
    {
        let slice = LatencyHistogram([.init(index: 1000 * index, count: perSlice)])
        var tally = Tally()
        tally.completed = 40 * perSlice
        tally.staleAccepts = 1
        var usage = Usage()
        usage.cpu_ns = 1_000_000_000
        usage.throttled_ns = throttled ? 600_000_000 : 0
        var measurement = RepeatMeasurement(
            strategy: strategy, repeatIndex: index, runOrder: index, clients: 2,
            operations: [
                .init(
                    kind: .authenticate, service: SlicedHistogram(Array(repeating: slice, count: 40)),
                    tally: tally)
            ], wall_ns: 1_000_000_000, usage: usage)
        measurement.isByDuration = true
        return Assessment(measurement)
    }

    private func value(_ line: Summary, _ name: String) -> String? {
        Summary.columns.first { $0.name == name }?.cell(line).text
    }

    @Test("the line, its JSON and CSV, and summary.csv have the figures of the valid repeats, and agree")
    func valid() throws {
        let all = [
            measurement("a", 1, 41_750), measurement("a", 2, 13_500, throttled: true),
            measurement("b", 1, 10_000, throttled: true), measurement("b", 2, 20_000, throttled: true),
        ]
        let lines = Summary.lines(all, costReports: [], strategies: ["a", "b"])
        #expect(lines.map { value($0, "operations_per_second") } == ["1670000.0", "600000.0"])
        #expect(lines.map { value($0, "authenticate_p50_ns") } == ["1000", "2000"])
        #expect(lines.map { value($0, "valid") } == ["true", "false"])
        #expect(lines.map { value($0, "valid_repeats") } == ["1", "0"])
        #expect(lines.map { value($0, "repeats") } == ["2", "2"])
        #expect(lines.map { value($0, "stale_accepts") } == ["2", "2"], "decisions are of all repeats")
        let rows = SummaryTable.rows(all.map { RepeatFigures($0) })
        for (line, row) in zip(lines, rows) {
            for (name, own) in [
                ("operations_per_second", "operations_per_second"), ("cpu_us_per_op", "cpu_us_per_op"),
                ("authenticate_p50_ns", "p50_ns"), ("authenticate_p99_ns", "p99_ns"),
                ("operations_per_second_ci95_low", "operations_per_second_ci95_low"), ("valid", "valid"),
                ("needed_clients_at_1000_per_second", "needed_clients_at_1000_per_second"),
                ("store_round_trips_per_op", "store_round_trips_per_op"),
            ] {
                #expect(value(line, name) == SummaryTable.printed.first { $0.name == own }?.cell(row).text)
            }
        }
        let text = TextTable.text(lines, isColored: true).split(separator: "\n")
        #expect(text[1].contains("1 670 000") && text[1].hasSuffix("1/2"), "\(text[1])")
        #expect(text[2].hasPrefix("\u{1B}[31m") && !text[1].hasPrefix("\u{1B}"))
        #expect(text.contains("not valid: b: no repeat is valid, do not use its figures"))
    }
}
