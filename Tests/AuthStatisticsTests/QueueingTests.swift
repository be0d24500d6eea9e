import Foundation
import Testing

@testable import AuthStatistics

/// Lines and closed networks held against formulas that they do not use.
@Suite("Queueing")
struct QueueingTests {
    private func isNear(_ value: Double, _ expected: Double, within share: Double = 1e-9) -> Bool {
        abs(value / expected - 1) < share
    }

    @Test(
        "the share that waits is Erlang's, as his sum has it", arguments: [1, 2, 3, 8, 40],
        [0.1, 0.5, 0.8, 0.97])
    func erlang(servers: Int, utilization: Double) {
        let offered = utilization * Double(servers)
        var (term, sum) = (1.0, 1.0)
        for number in 1..<max(2, servers) where servers > 1 {
            term *= offered / Double(number)
            sum += term
        }
        let last = term * offered / Double(servers) / (1 - utilization)
        let station = Station(servers: servers, utilization: utilization, mean: 1)
        #expect(isNear(station.waitShare, last / (sum + last)))
    }

    @Test(
        "the mean wait of one server is that of Pollaczek and Khinchine, for any spread of the times",
        arguments: [0.2, 0.6, 0.9], [0, 0.4, 1, 3])
    func oneServer(utilization: Double, variability: Double) {
        let (mean, square) = (5.0, 25 * (1 + variability))
        let wait = utilization / mean * square / (2 * (1 - utilization))
        let station = Station(servers: 1, utilization: utilization, mean: mean, variability: variability)
        #expect(isNear(station.meanWait, wait))
    }

    @Test("the response time of M/M/1 is exponential", arguments: [0.3, 0.7, 0.9], [0.5, 0.9, 0.99])
    func response(utilization: Double, share: Double) {
        // Times of exponential service, each at the middle of its thousandth.
        let times = (0..<20_000).map { (-log(1 - (Double($0) + 0.5) / 20_000), 1.0) }
        let station = Station(servers: 1, utilization: utilization, mean: 1)
        let found = ResponseTimes(times, waitingAt: [station]).quantile(share)
        #expect(isNear(found, -log(1 - share) / (1 - utilization), within: 0.01))
    }

    @Test("two waits add up as the sum of two exponential times does")
    func twoWaits() {
        // Everybody waits at both: Erlang's distribution of two phases, which is 1 - (1 + t) exp(-t).
        let station = Station(servers: 1, utilization: 0.999, mean: 0.001)
        let times = ResponseTimes([(0, 1)], waitingAt: [station, station])
        let unit = station.meanWait / station.waitShare
        for share in [0.5, 0.9, 0.99] {
            let time = times.quantile(share) / unit
            #expect(isNear(1 - (1 + time) * exp(-time), share, within: 0.003), "\(share)")
        }
    }

    @Test("a line that grows for ever has no quantile, and one without requests adds nothing")
    func ends() {
        let full = Station(servers: 2, utilization: 1, mean: 1)
        #expect(full.meanWait == .infinity)
        #expect(ResponseTimes([(1, 1)], waitingAt: [full]).quantile(0.5) == .infinity)
        let idle = Station(servers: 2, utilization: 0, mean: 1)
        #expect(isNear(ResponseTimes([(1, 1)], waitingAt: [idle]).quantile(0.99), 1, within: 0.002))
    }

    @Test("two servers of one and two seconds do what mean value analysis by hand says")
    func byHand() {
        let network = ClosedNetwork([.servers(1, 1), .servers(1, 2)])
        // X(1) = 1/3; then Q = (1/3, 2/3), R = (4/3, 10/3), X(2) = 2 / (14/3); then R = (11/7, 34/7), X(3) = 3 / (45/7).
        for (clients, rate) in [(0, 0), (1, 1.0 / 3), (2, 3.0 / 7), (3, 7.0 / 15)] {
            #expect(abs(network.rate(clients: clients) - rate) < 1e-12)
        }
    }

    /// Answers a second in the machine repair model, by birth and death.
    private static func repaired(servers: Int, clients: Int, rest: Double, time: Double) -> Double {
        // From k at the servers to k + 1 at the rate (N - k) / rest, back at min(k, c) / time.
        var weights = [1.0]
        for number in 1...clients {
            let birth = Double(clients - number + 1) / rest
            weights.append(weights[number - 1] * birth * time / Double(min(number, servers)))
        }
        let busy = weights.enumerated().reduce(0) { $0 + Double(min($1.offset, servers)) * $1.element }
        return busy / weights.reduce(0, +) / time
    }

    @Test(
        "clients that rest and several servers are the machine repair model", arguments: [1, 2, 3], [1, 4, 9])
    func repair(servers: Int, clients: Int) {
        let (rest, time) = (3.0, 2.0)
        let rate = Self.repaired(servers: servers, clients: clients, rest: rest, time: time)
        let network = ClosedNetwork([.delay(rest), .servers(servers, time)])
        #expect(isNear(network.rate(clients: clients), rate))
    }

    @Test("1000 clients at a far store overflow nothing, and reach what the slowest place allows")
    func many() {
        let network = ClosedNetwork([.delay(10_000), .servers(2, 20), .servers(1, 9)])
        #expect(isNear(network.rate(clients: 10), 10.0 / 10_029, within: 0.001))
        // Two servers alone are known; the third adds 60 of 10 400 to the time of a round, and slows it by no more than that.
        let both = Self.repaired(servers: 2, clients: 1000, rest: 10_000, time: 20)
        #expect(isNear(ClosedNetwork([.delay(10_000), .servers(2, 20)]).rate(clients: 1000), both))
        #expect((0.99 * both...both).contains(network.rate(clients: 1000)))
        #expect(
            isNear(ClosedNetwork([.delay(1e-9), .servers(2, 20)]).rate(clients: 1000), 0.1, within: 1e-6))
    }

    @Test(
        "more clients never do less, and never more than the bounds of operational analysis",
        arguments: 0..<50)
    func bounds(seed: Int) {
        var random = SystemRandomNumberGenerator()
        let (rest, servers) = (
            Double.random(in: 0...50, using: &random), Int.random(in: 1...6, using: &random)
        )
        let (own, store) = (
            Double.random(in: 0.1...9, using: &random), Double.random(in: 0.1...9, using: &random)
        )
        let network = ClosedNetwork([.delay(rest), .servers(servers, own), .servers(1, store)])
        var before = 0.0
        for clients in 1...40 {
            let rate = network.rate(clients: clients)
            let most = min(Double(clients) / (rest + own + store), Double(servers) / own, 1 / store)
            #expect(rate >= before - 1e-12 && rate <= most * (1 + 1e-9), "\(network), \(clients)")
            before = rate
        }
    }
}
