import Foundation

/// One line before servers that work alike, with random arrivals: M/G/c.
package struct Station: Sendable, Equatable {
    package var servers: Int
    /// The share of the time for which a server works; from 1 on the line grows for ever.
    package var utilization: Double
    /// The time that a server takes for one request, on average; waits have the same unit.
    package var mean: Double
    /// The variance of that time over the square of its mean: 0 where all take equally long, 1 for exponential times.
    package var variability: Double

    package init(servers: Int, utilization: Double, mean: Double, variability: Double = 1) {
        (self.servers, self.utilization) = (servers, utilization)
        (self.mean, self.variability) = (mean, variability)
    }

    /// The share of the requests that must wait (Erlang's C formula, by the recursion of his B formula).
    package var waitShare: Double {
        guard utilization < 1 else { return 1 }
        let offered = utilization * Double(servers)
        let blocked = (1...servers).reduce(1.0) { offered * $0 / (Double($1) + offered * $0) }
        return blocked / (1 - utilization * (1 - blocked))
    }

    /// How long a request waits on average (Allen 1990, "Probability, Statistics, and Queueing Theory", section 5.3.5:
    /// the approximation of Allen and Cunneen).
    ///
    /// It is exact for M/M/c, and for M/G/1, where it is the formula of Pollaczek and Khinchine.
    package var meanWait: Double {
        guard utilization < 1 else { return .infinity }
        return waitShare * mean * (1 + variability) / (2 * Double(servers) * (1 - utilization))
    }
}

/// A distribution of times on an even grid, to which waits are added.
///
/// Whoever must wait is taken to wait exponentially: exact for M/M/c, and in heavy traffic for any line (Kingman 1962,
/// "On queues in heavy traffic").
package struct ResponseTimes: Sendable {
    private static let steps = 1 << 14
    private let step: Double
    /// The probability of each step; what lies beyond the grid is in none.
    private var shares: [Double]

    /// - Parameters:
    ///   - times: how long requests take without a wait, and how many of them there are; not empty.
    ///   - stations: where each of them waits, one after the other, each wait independent of the others (Jackson 1957,
    ///     "Networks of waiting lines").
    package init(_ times: [(time: Double, count: Double)], waitingAt stations: [Station]) {
        let stations = stations.filter { $0.utilization > 0 }
        let all = times.reduce(0) { $0 + $1.count }
        var (seen, high) = (0.0, 0.0)
        for one in times where seen < 0.999 * all { (seen, high) = (seen + one.count, max(high, one.time)) }
        // Far beyond p99: each wait is shorter than this in all but exp(-7) of the cases.
        let end = stations.reduce(high) { $0 + 7 * $1.meanWait / $1.waitShare } * 1.001
        step = end / Double(Self.steps)
        shares = Array(repeating: 0, count: Self.steps)
        guard step > 0, step.isFinite else { return }
        for one in times {
            let place = Int(min(one.time / step, 1e9))
            if place < Self.steps { shares[place] += one.count / all }
        }
        for station in stations { wait(share: station.waitShare, mean: station.meanWait / station.waitShare) }
    }

    /// Adds a wait that a share of the requests has: its sum with an exponential time is a running mean.
    private mutating func wait(share: Double, mean: Double) {
        let kept = exp(-step / mean)
        var running = 0.0
        for index in shares.indices {
            running = kept * running + (1 - kept) * shares[index]
            shares[index] = (1 - share) * shares[index] + share * running
        }
    }

    /// The time that a share of the requests takes at most; infinite where the line grows for ever.
    package func quantile(_ share: Double) -> Double {
        var sum = 0.0
        for (index, one) in shares.enumerated() {
            sum += one
            if sum >= share { return Double(index + 1) * step }
        }
        return .infinity
    }
}

/// Clients that each wait for their answer before they send again, around stations: a closed network in product form.
package struct ClosedNetwork: Sendable {
    package enum Place: Sendable, Equatable {
        /// A time in which nobody waits for others, such as the way to a store.
        case delay(Double)
        /// Servers with one line; the time for one request.
        case servers(Int, Double)
    }

    package var places: [Place]

    package init(_ places: [Place]) { self.places = places }

    /// How many requests are answered in a unit of time (Buzen 1973, "Computational algorithms for closed queueing networks
    /// with exponential servers"), which is what exact mean value analysis gives (Reiser and Lavenberg 1980).
    package func rate(clients: Int) -> Double {
        guard clients > 0 else { return 0 }
        // The logarithms of the normalising constants, because these leave the range of numbers.
        var constants = [0.0] + Array(repeating: -Double.infinity, count: clients)
        for place in places {
            let own = Self.weights(place, clients)
            constants = (0...clients).map { number in
                Self.logSum((0...number).map { own[$0] + constants[number - $0] })
            }
        }
        return exp(constants[clients - 1] - constants[clients])
    }

    /// The logarithm of the weight of each number of requests at a place.
    private static func weights(_ place: Place, _ clients: Int) -> [Double] {
        var weights = [0.0]
        for number in 1...clients {
            let time =
                switch place {
                case .delay(let time): time / Double(number)
                case .servers(let servers, let time): time / Double(min(number, servers))
                }
            weights.append(weights[number - 1] + log(time))
        }
        return weights
    }

    private static func logSum(_ values: [Double]) -> Double {
        let most = values.max() ?? -.infinity
        guard most > -.infinity else { return most }
        return most + log(values.reduce(0) { $0 + exp($1 - most) })
    }
}
