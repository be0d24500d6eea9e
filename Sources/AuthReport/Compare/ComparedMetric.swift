import Foundation

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
