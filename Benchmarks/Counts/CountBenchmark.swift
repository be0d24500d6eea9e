import Benchmark
import CCounting
import Contest

extension BenchmarkMetric {
    static let allocations = Self.custom("allocations per 1000 operations")
    static let references = Self.custom("retains and releases per 1000 operations")
}

/// Registers something whose allocations and reference counts are counted.
///
/// What a call does once, however many operations it makes, is left out: two calls are compared, one three times as long.
func counts(
    _ name: String, operations: Int = 1000,
    setUp: @escaping @Sendable () async throws -> (_ count: Int) throws -> Void
) {
    let configuration = Benchmark.Configuration(
        metrics: [.allocations, .references], warmupIterations: 1, maxDuration: .seconds(60),
        maxIterations: 3,
        // What a measurement does once differs a little from one to the next.
        thresholds: [.allocations: .init(absolute: [.p90: 20]), .references: .init(absolute: [.p90: 500])])
    Benchmark(benchmarkName(name), configuration: configuration) { benchmark, run in
        let (few, many) = (try count(operations, run), try count(3 * operations, run))
        func perThousand(_ counted: KeyPath<counting, UInt64>) -> Int {
            Int(
                (Double(many[keyPath: counted]) - Double(few[keyPath: counted])) / Double(2 * operations)
                    * 1000)
        }
        benchmark.measurement(.allocations, perThousand(\.allocations))
        benchmark.measurement(.references, perThousand(\.retains) + perThousand(\.releases))
    } setup: {
        try await setUp()
    }
}

private func count(_ operations: Int, _ run: (Int) throws -> Void) throws -> counting {
    let before = counting_now()
    try run(operations)
    let after = counting_now()
    return counting(
        allocations: after.allocations - before.allocations, retains: after.retains - before.retains,
        releases: after.releases - before.releases)
}
