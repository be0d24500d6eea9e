import Benchmark
import Contest

extension BenchmarkMetric {
    static let ours = Self.custom("ours (ns)")
    static let theirs = Self.custom("theirs (ns)")

    /// Our time where theirs is so much: both in one run, in turns.
    static func ours(per whole: Int) -> Self { .custom("ours where theirs is \(whole)") }
}

/// Registers a contest: each iteration is one round of it.
///
/// - Parameters:
///   - name: who is held against whom.
///   - whole: what stands for their time; more where ours is far less.
///   - rounds: how many.
///   - setUp: makes the contest.
func ratio(
    _ name: String, per whole: Int = 1000, rounds: Int = 12,
    setUp: @escaping @Sendable () async throws -> Contest
) {
    let configuration = Benchmark.Configuration(
        metrics: [.ours(per: whole), .ours, .theirs], warmupIterations: 1, maxDuration: .seconds(60),
        maxIterations: rounds)
    Benchmark(benchmarkName(name), configuration: configuration) { benchmark, contest in
        let round = try contest.round()
        benchmark.measurement(.ours(per: whole), Int((round.ratio * Double(whole)).rounded()))
        benchmark.measurement(.ours, Int(round.ours_ns.rounded()))
        benchmark.measurement(.theirs, Int(round.theirs_ns.rounded()))
    } setup: {
        try await setUp()
    }
}
