import HotPaths
import Benchmark
import Contest

/// Registers a piece: each iteration is a thousand operations, and the report gives the time of one.
func piece(_ name: String, setUp: @escaping @Sendable () async throws -> HotPath) {
    let configuration = Benchmark.Configuration(
        metrics: [.wallClock], warmupIterations: 3, scalingFactor: .kilo, maxDuration: .seconds(1),
        maxIterations: 2000)
    Benchmark(benchmarkName(name), configuration: configuration) { benchmark, piece in
        try piece.run(benchmark.scaledIterations.count)
    } setup: {
        try await setUp()
    }
}

extension BenchmarkMetric {
    static let cpuTime = Self.custom("CPU time (ns)")
}

/// Registers the baseline under the whole harness: what a closed loop costs that decides nothing.
func harness(_ name: String, operations: Int, setUp: @escaping @Sendable () async throws -> ClientHotPath) {
    let configuration = Benchmark.Configuration(
        metrics: [.cpuTime], warmupIterations: 1, maxDuration: .seconds(30), maxIterations: 30)
    Benchmark(benchmarkName(name), configuration: configuration) { benchmark, piece in
        let cpu_ns = Double(try piece.run(operations).cpu_ns)
        benchmark.measurement(.cpuTime, Int((cpu_ns / Double(operations)).rounded()))
    } setup: {
        try await setUp()
    }
}
