import Benchmark

let benchmarks: @Sendable () -> Void = {
    tokenRatios()
    storeRatios()
}
