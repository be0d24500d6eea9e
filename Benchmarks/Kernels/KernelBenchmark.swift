import AuthKernels
import Benchmark

/// Registers a kernel: each iteration is a thousand operations, and the report gives the time of one.
func kernel(_ name: String, setUp: @escaping @Sendable () async throws -> Kernel) {
    let configuration = Benchmark.Configuration(
        metrics: [.wallClock], warmupIterations: 3, scalingFactor: .kilo, maxDuration: .seconds(1),
        maxIterations: 2000)
    Benchmark(name, configuration: configuration) { benchmark, kernel in
        try kernel.run(benchmark.scaledIterations.count)
    } setup: {
        try await setUp()
    }
}
