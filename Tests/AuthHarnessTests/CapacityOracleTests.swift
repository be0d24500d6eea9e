import AuthCore
import AuthStatistics
import Foundation
import Testing

@testable import AuthHarness

/// The search held against queues whose capacity is known, measured by the harness on a clock that only the script moves.
@Suite("Capacity against theory")
struct CapacityOracleTests {
    private static let service_ns = 100_000.0

    /// The rate at which the mean response of M/D/1 is so many service times (Pollaczek and Khinchine):
    /// 1 + ρ / (2 (1 - ρ)) = m, so ρ = 2 (m - 1) / (2 m - 1).
    private func rate(meanResponse times: Double) -> Double {
        2 * (times - 1) / (2 * times - 1) / Self.service_ns * 1e9
    }

    @Test("the rate that keeps a mean response of M/D/1 is found within 5 %", arguments: [1.5, 2, 4])
    func knownServiceTime(times: Double) throws {
        let capacity = rate(meanResponse: times)
        let limit_ns = times * Self.service_ns
        var search = CapacitySearch(start: 1000, in: 100...1e6)
        while let probe = search.next {
            let mean_ns = try meanResponse_ns(probe)
            search.note(mean_ns <= limit_ns ? .held : .broken("mean"))
        }
        guard case .found(let rates, _)? = search.result else {
            Issue.record("\(String(describing: search.result))")
            return
        }
        let middle = (rates.low * rates.high).squareRoot()
        #expect(abs(middle / capacity - 1) < 0.05, "\(rates) against \(capacity)")
    }

    private func meanResponse_ns(_ probe: CapacitySearch.Probe) throws -> Double {
        let script = ScriptedTimes { _ in UInt64(Self.service_ns) }
        let operations = probe.stage == .confirm ? 120_000 : 40_000
        let measurement = try script.measure(.open(.poisson, rate: probe.perSecond), .operations(operations))
        return try #require(measurement.operations.first?.response?.total.mean_ns)
    }
}
