import AuthCore
import Foundation

/// M/D/c: Poisson arrivals, one line, and servers that all take equally long for each request.
struct DeterministicQueue {
    var servers: Int
    /// The share of the time for which a server works.
    var utilization: Double
    var service_ns: Double
    /// The probability of each number of requests in the system.
    private let inSystem: [Double]

    init(servers: Int, utilization: Double, service_ns: Double = 100_000) {
        (self.servers, self.utilization, self.service_ns) = (servers, utilization, service_ns)
        inSystem = Self.stationary(servers, arrivals: utilization * Double(servers))
    }

    var perSecond: Double { utilization * Double(servers) / service_ns * 1e9 }

    /// Whoever is in service now has left after one service time, and nobody else has (Crommelin 1932, "Delay probability
    /// formulae when the holding times are constant").
    private static func stationary(_ servers: Int, arrivals: Double) -> [Double] {
        // With 85 % of the time in use, more than 400 in the system are less likely than 1e-12.
        let poisson = (1..<40).reduce(into: [exp(-arrivals)]) {
            $0.append($0[$1 - 1] * arrivals / Double($1))
        }
        var (now, change) = ([1.0] + Array(repeating: 0, count: 399), 1.0)
        while change > 1e-12 {
            var next = Array(repeating: 0.0, count: now.count)
            for (number, share) in now.enumerated() where share > 1e-18 {
                let left = max(0, number - servers)
                for (arrived, likely) in poisson.enumerated() where left + arrived < next.count {
                    next[left + arrived] += share * likely
                }
            }
            change = zip(now, next).reduce(0) { max($0, abs($1.0 - $1.1)) }
            now = next
        }
        return now
    }

    /// How likely a wait of so many service times at most is (Franx 2001, "A simple solution for the M/D/c waiting time
    /// distribution", theorem 1).
    private func probability(waiting times: Double) -> Double {
        let whole = Int(times) + 1
        let expected = utilization * Double(servers) * (Double(whole) - times)
        var (term, sum) = (exp(-expected), 0.0)
        for number in 0..<(whole * servers) {
            sum += term * inSystem[...(servers + whole * servers - number - 1)].reduce(0, +)
            term *= expected / Double(number + 1)
        }
        return sum
    }

    /// The response time that a share of the requests takes at most.
    func response_ns(at quantile: Double) -> Double {
        var (low, high) = (0.0, 40.0)
        while high - low > 1e-6 {
            let middle = (low + high) / 2
            if probability(waiting: middle) < quantile { low = middle } else { high = middle }
        }
        return (1 + high) * service_ns
    }

    /// By Little's law from those who wait.
    var meanResponse_ns: Double {
        let waiting = inSystem.enumerated().reduce(0) {
            $0 + Double(max(0, $1.offset - servers)) * $1.element
        }
        return (1 + waiting / (utilization * Double(servers))) * service_ns
    }
}

extension DeterministicQueue {
    /// The same queue played through, request by request: it knows nothing of the theory.
    ///
    /// - Parameters:
    ///   - perSecond: how many requests come.
    ///   - count: how many there are in all.
    ///   - seed: of their moments.
    /// - Returns: as a run by duration has it.
    func played(perSecond: Double, count: Int, seed: UInt64) -> RepeatMeasurement {
        var random = RandomSource(seed: seed, stream: 0x3D_C0)
        var free_ns = Array(repeating: 0.0, count: servers)
        var (due_ns, counts) = (0.0, [Int: UInt64]())
        for _ in 0..<count {
            due_ns -= log(1 - random.unit()) / perSecond * 1e9
            let first = free_ns.indices.min { free_ns[$0] < free_ns[$1] } ?? 0
            free_ns[first] = max(due_ns, free_ns[first]) + service_ns
            counts[BucketLayout.index(of: UInt64(free_ns[first] - due_ns)), default: 0] += 1
        }
        let buckets = counts.sorted { $0.key < $1.key }.map { LatencyHistogram.Bucket(index: $0, count: $1) }
        let service = LatencyHistogram([
            .init(index: BucketLayout.index(of: UInt64(service_ns)), count: UInt64(count))
        ])
        var tally = Tally()
        tally.completed = UInt64(count)
        let authenticate = OperationMeasurement(
            kind: .authenticate, service: SlicedHistogram([service]),
            response: SlicedHistogram([LatencyHistogram(buckets)]), tally: tally)
        return RepeatMeasurement(
            strategy: "synthetic", repeatIndex: 1, runOrder: 1, clients: servers,
            operations: [authenticate],
            wall_ns: UInt64(free_ns.max() ?? 0), usage: Usage())
    }
}
