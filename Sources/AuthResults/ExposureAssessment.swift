import AuthCore
import AuthStatistics
import Foundation

/// How long a credential still works after a revocation, by what its strategy promises: 0, until others have heard of it, or
/// for the rest of a life: that of a copy, or its own.
package struct ExposureTheory: Sendable {
    /// `nil` where others refuse it at once, or when a message has arrived, and where only the longest is known.
    ///
    /// A message takes about as long as the acknowledgement.
    let residual: ResidualLife?
    package let max_ms: Double

    package init(
        _ promise: RevocationPromise, _ lifetime: CredentialLifetime, staleness_ms: Int64,
        isComplete: Bool = true
    ) {
        let stale_ms = Double(staleness_ms)
        residual =
            switch promise {
            case .immediate, .pushed: nil
            case .cached where !isComplete: nil
            case .cached: ResidualLife(shortest: stale_ms, longest: stale_ms)
            case .atExpiry:
                ResidualLife(
                    shortest: Double(lifetime.shortest_ms), longest: Double(lifetime.longest_ms))
            }
        max_ms = promise == .immediate ? 0 : residual?.maximum ?? stale_ms
    }

    package func quantile_ms(_ share: Double) -> Double { residual?.quantile(share) ?? 0 }
}

extension CostReport {
    /// `nil` where its strategy's promise is not known.
    package var exposure: ExposureTheory? {
        revocation.map { ExposureTheory($0.promise, $0.lifetime, staleness_ms: $0.staleness_ms) }
    }
}

/// What was measured after revocations of one kind, beside what theory says.
///
/// In milliseconds of the strategy's clock, so that a measured exposure stands for one under the real lifetime.
package struct ExposureAssessment: Sendable {
    package var measurement: ExposureMeasurement
    /// Lower bounds of the exposures, ascending.
    private let shortest_ms: [Double]
    /// Upper bounds, ascending; of what had been without the delay, where a life ends at its own time.
    private let longest_ms: [Double]
    private let theory: ExposureTheory

    package init(_ measurement: ExposureMeasurement) {
        self.measurement = measurement
        shortest_ms = measurement.exposures.map(\.shortest_ms).sorted()
        theory = ExposureTheory(
            measurement.promise, measurement.lifetime, staleness_ms: measurement.staleness_ms,
            isComplete: measurement.hasTheory)
        let endsByItself = measurement.promise == .atExpiry
        longest_ms = measurement.exposures.map { $0.longest_ms + (endsByItself ? $0.delay_ms : 0) }.sorted()
    }

    package var count: Int { shortest_ms.count }
    package var max_ms: Double? { shortest_ms.last }
    package var mean_ms: Double? { count == 0 ? nil : shortest_ms.reduce(0, +) / Double(count) }

    package func quantile_ms(_ share: Double) -> Double? {
        OrderStatistics.quantile(share, of: shortest_ms)
    }

    /// With 95 % the quantile of what was sampled lies here; `nil` where there are too few samples.
    package func interval_ms(_ share: Double) -> Interval? {
        guard let ranks = OrderStatistics.ranks(of: share, count: count),
            longest_ms[ranks.upperBound - 1].isFinite
        else { return nil }
        return Interval(
            low: shortest_ms[ranks.lowerBound - 1], high: longest_ms[ranks.upperBound - 1])
    }

    package func theory_ms(_ share: Double) -> Double { theory.quantile_ms(share) }
    package var theoryMean_ms: Double { theory.residual?.mean ?? 0 }
    package var theoryMax_ms: Double { theory.max_ms }

    /// The least distance from theory that the exposures can have within their bounds; `nil` without any spread.
    package var distance: Double? {
        guard let residual = theory.residual, count > 0 else { return nil }
        return KolmogorovSmirnov.distance(
            lower: shortest_ms, upper: longest_ms, from: residual.share(upTo:))
    }

    package var criticalDistance: Double? {
        distance == nil ? nil : KolmogorovSmirnov.criticalDistance(count: count)
    }

    /// Credentials that were still accepted when the measurement ended.
    package var unresolved: Int { longest_ms.count { !$0.isFinite } }

    /// The longest time from the last accepted request to the first refused one, on the strategy's clock.
    package var resolution_ms: Double? {
        measurement.exposures.filter(\.longest_ms.isFinite).map { $0.longest_ms - $0.shortest_ms }.max()
    }

    /// How probable exposures are that are as far from theory as these, where theory holds; `nil` without any spread.
    ///
    /// The least of four tests, of the whole curve, p50, p99 and the longest, times four (Bonferroni). The longest tells
    /// at once when credentials die too early, of which a curve of some hundreds says little.
    package var theoryP: Double? {
        guard let residual = theory.residual, let distance, let longest = longest_ms.last else { return nil }
        let quantiles = [0.5, 0.99].map { share in
            let value_ms = theory_ms(share)
            return OrderStatistics.pValue(
                of: share, below: longest_ms.count { $0 < value_ms },
                above: shortest_ms.count { $0 > value_ms }, count: count)
        }
        let allShorter = pow(residual.share(upTo: longest), Double(count))
        let least = min(KolmogorovSmirnov.pValue(distance: distance, count: count), allShorter)
        return min(1, 4 * quantiles.reduce(least, min))
    }

    /// Below it exposures are not as theory says: once in a thousand rows that is wrong.
    package static let least_p = 0.001

    /// Whether the exposures are as theory says; `nil` where that cannot be told.
    package var matchesTheory: Bool? {
        guard inconclusive == nil else { return nil }
        return theoryP.map { $0 >= Self.least_p } ?? (max_ms ?? 0 <= theory.max_ms)
    }

    /// Of the logins that were followed, the exposures of those who renew whenever they can, ascending.
    private var logins_ms: [Double] { measurement.logins.map(\.shortest_ms).sorted() }
    package var loginMedian_ms: Double? { OrderStatistics.quantile(0.5, of: logins_ms) }
    package var loginMax_ms: Double? { logins_ms.last }
    package var mostRenewals: Int? { measurement.logins.map(\.renewals).max() }

    /// Why nothing follows from the exposures, if so.
    package var inconclusive: String? {
        if measurement.errors.count > 0 {
            return "\(measurement.errors.count) errors: \(measurement.errors.text)"
        }
        if let loss = measurement.storeLoss { return loss }
        if count < Self.minimumCount {
            return "only \(count) credentials were still valid when they were revoked: raise --credentials"
        }
        if unresolved > 0, measurement.falseAccepts == 0 {
            return "\(unresolved) credentials were still accepted at the end: measure longer (--seconds)"
        }
        guard theory.residual != nil else { return nil }
        let lifetime_ms = theory.max_ms
        if let resolution_ms, resolution_ms > 0.05 * lifetime_ms {
            return
                "requests with one credential were up to \(percent(resolution_ms / lifetime_ms)) of its lifetime apart: measure longer (--seconds)"
        }
        // The age of a copy is no other for that.
        guard measurement.promise == .atExpiry else { return nil }
        let lag_ms = Double(measurement.lag_ns) / 1e6 * measurement.compression
        if lag_ms > 0.02 * lifetime_ms {
            return
                "a revocation was late by \(percent(lag_ms / lifetime_ms)) of a lifetime: measure on a quieter machine"
        }
        return nil
    }

    /// Below it a median has no interval.
    private static let minimumCount = 6

    private func percent(_ share: Double) -> String { (share * 100).formatted(digits: 1) + " %" }
}
