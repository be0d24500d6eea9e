import AuthCore
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import AuthHarness

/// What the harness measures held against what must come out, with scripted service times.
///
/// All but two run on a clock that only the script moves on: they are about arithmetic, not about speed.
@Suite("Oracles")
struct OracleTests {
    @Test("a stall S in a run of length D gives the response quantile S - (1 - q) D, and a small service p99")
    func stall() throws {
        // Tene's example: 1.4 s in 30 s give a p99 of 1.10 s.
        let (stall_s, length_s) = (1.4, 30.0)
        let script = ScriptedTimes { call in call == 8000 ? 1_400_000_000 : 10_000 }
        let measurement = try script.measure(
            .open(.constant, rate: 1000), .duration(nanoseconds: 30_000_000_000))
        let authenticate = try #require(measurement.operations.first)
        for quantile in [0.98, 0.99, 0.999] {
            let expected_ns = (stall_s - (1 - quantile) * length_s) * 1e9
            let response_ns = Double(try #require(authenticate.response?.total.value_ns(at: quantile)))
            #expect(abs(response_ns / expected_ns - 1) < 0.05, "\(quantile): \(response_ns)")
        }
        #expect(authenticate.service.total.value_ns(at: 0.99) ?? .max <= 10_010)
        #expect(measurement.total.completed == 30_000)
    }

    @Test("the same on the real clock")
    func realStall() throws {
        let calls = Atomic(0)
        let measured_ns = Atomic<UInt64>(0)
        let script = Script(inside: {
            guard calls.add(1, ordering: .relaxed).newValue == 300 else { return }
            let start_ns = DispatchTime.now().uptimeNanoseconds
            usleep(420_000)
            measured_ns.store(DispatchTime.now().uptimeNanoseconds - start_ns, ordering: .relaxed)
        })
        let monotonic = MonotonicClock { until_ns in
            let now_ns = DispatchTime.now().uptimeNanoseconds
            if until_ns > now_ns { usleep(UInt32((until_ns - now_ns) / 1000)) }
        }
        let measurement = try script.measure(
            .open(.constant, rate: 500), .duration(nanoseconds: 3_000_000_000), by: monotonic)
        let expected_ns = Double(measured_ns.load(ordering: .relaxed)) - 0.01 * 3e9
        let response_ns = try #require(measurement.operations.first?.response?.total.value_ns(at: 0.99))
        #expect(abs(Double(response_ns) / expected_ns - 1) < 0.05, "\(response_ns) against \(expected_ns)")
        #expect(measurement.total.completed == 1500)
    }

    @Test("M/D/1 waits as Pollaczek and Khinchine say", arguments: [0.5, 0.7, 0.8])
    func fixedServiceTimes(utilization: Double) throws {
        let service_ns = 100_000.0
        let wait = try wait(utilization, service_ns: service_ns) { UInt64(service_ns) }
        let theory_ns = utilization / (2 * (1 - utilization)) * service_ns
        #expect(wait.contains(theory_ns), "\(theory_ns) outside of \(wait)")
    }

    @Test("M/M/1 waits as Erlang says", arguments: [0.5, 0.7, 0.8])
    func exponentialServiceTimes(utilization: Double) throws {
        let service_ns = 100_000.0
        let random = Mutex(RandomSource(seed: 99))
        let wait = try wait(utilization, service_ns: service_ns) {
            UInt64((-log(1 - random.withLock { $0.unit() }) * service_ns).rounded())
        }
        let theory_ns = utilization / (1 - utilization) * service_ns
        #expect(wait.contains(theory_ns), "\(theory_ns) outside of \(wait)")
    }

    /// The 99.9 % interval of the mean wait of Poisson arrivals, from the means of the 40 slices.
    private func wait(
        _ utilization: Double, service_ns: Double, times: @escaping @Sendable () -> UInt64
    ) throws -> ClosedRange<Double> {
        let measurement = try ScriptedTimes { _ in times() }.measure(
            .open(.poisson, rate: utilization / service_ns * 1e9), .operations(250_000))
        let authenticate = try #require(measurement.operations.first)
        let waits = zip(authenticate.response?.slices ?? [], authenticate.service.slices).map {
            ($0.mean_ns ?? 0) - ($1.mean_ns ?? 0)
        }
        try #require(waits.count == 40)
        let mean = waits.reduce(0, +) / 40
        let variance = waits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 39
        // Student's t with 39 degrees of freedom at 99.95 %.
        let half = 3.558 * (variance / 40).squareRoot()
        return (mean - half)...(mean + half)
    }

    @Test("a closed loop obeys Little's law, as a whole and client by client")
    func little() throws {
        let script = Script(inside: { usleep(300) })
        let measurement = try script.measure(
            .closed, .duration(nanoseconds: 1_000_000_000), by: MonotonicClock { _ in }, clients: 8)
        let mean_s = (measurement.operations.first?.service.total.mean_ns ?? 0) / 1e9
        let inside = measurement.operationsPerSecond * mean_s
        #expect(abs(8 / inside - 1) < 0.02, "\(inside) clients inside")
        #expect(abs(try #require(measurement.little_residual)) < 0.001)
    }

    @Test("known service times give their own quantiles, to the precision of the histogram")
    func knownTimes() throws {
        let times = (0..<20_000).map { UInt64(500 * exp(Double($0) / 2000)) }
        let shuffled = times.shuffled()
        let measurement = try ScriptedTimes { call in shuffled[call % 20_000] }
            .measure(.closed, .operations(20_000))
        let service = try #require(measurement.operations.first).service.total
        for quantile in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = Double(times[Int((quantile * 20_000).rounded(.up)) - 1])
            let recorded = Double(try #require(service.value_ns(at: quantile)))
            #expect(recorded >= exact && recorded <= exact * (1 + 1 / 1024.0) + 1, "\(quantile)")
        }
        let mean = times.reduce(0) { $0 + Double($1) } / 20_000
        #expect(abs(try #require(service.mean_ns) / mean - 1) < 0.001)
    }
}
