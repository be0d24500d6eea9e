import Benchmark
import Contest

extension BenchmarkMetric {
    /// Our time as a multiple of theirs, in thousandths: both in one run, in turns.
    static let ratio = Self.custom("ours / theirs (‰)")
    static let ours = Self.custom("ours (ns)")
    static let theirs = Self.custom("theirs (ns)")
}

/// Registers a contest: each iteration is one round of it.
func ratio(
    _ name: String, rounds: Int = 12, setUp: @escaping @Sendable () async throws -> Contest
) {
    let configuration = Benchmark.Configuration(
        metrics: [.ratio, .ours, .theirs], warmupIterations: 1, maxDuration: .seconds(60), maxIterations: rounds)
    Benchmark(name, configuration: configuration) { benchmark, contest in
        let round = try contest.round()
        benchmark.measurement(.ratio, Int((round.ratio * 1000).rounded()))
        benchmark.measurement(.ours, Int(round.ours_ns.rounded()))
        benchmark.measurement(.theirs, Int(round.theirs_ns.rounded()))
    } setup: {
        try await setUp()
    }
}
