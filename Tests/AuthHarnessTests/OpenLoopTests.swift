@testable import AuthCore
import AuthResults
import AuthStatistics
import Foundation
import Synchronization
import Testing

@testable import AuthHarness

@Suite("Open loop")
struct OpenLoopTests {
    /// Serves 10 000 requests per second.
    private let tenThousand = ScriptedTimes { _ in 100_000 }
    private let second = Extent.duration(nanoseconds: 1_000_000_000)

    @Test("at three times the capacity every arrival is done, and the row is not valid because of overload")
    func overload() throws {
        let measurement = try tenThousand.measure(.open(.constant, rate: 30_000), second)
        #expect(measurement.total.completed == 30_000)
        #expect(measurement.openLoop?.backlog == 20_000)
        #expect(measurement.wall_ns == 3_000_016_666)
        let reason = try #require(measurement.invalidReason)
        #expect(reason.contains("overload") && reason.contains("66.7 %"), "\(reason)")
        #expect(measurement.invalidities.map(\.kind) == [.disturbed])
    }

    @Test(
        "at 0.3 times the capacity the row is valid and the rate is kept",
        arguments: Arrival.Process.allCases)
    func ease(process: Arrival.Process) throws {
        let measurement = try tenThousand.measure(.open(process, rate: 3000), second)
        #expect(measurement.invalidReason == nil)
        #expect(abs(measurement.operationsPerSecond / 3000 - 1) < 0.1)
        #expect(measurement.openLoop?.backlog ?? 1 < 20)
        #expect(measurement.little_residual == nil)
        let response = try #require(measurement.operations.first?.response)
        #expect(response.total.count == measurement.total.completed)
    }

    @Test("counts arrivals that were due while the client was busy as late")
    func late() throws {
        // Two requests a millisecond apart are due while the first, of 2.5 ms, is served.
        let script = ScriptedTimes { call in call == 100 ? 2_500_000 : 1000 }
        let measurement = try script.measure(.open(.constant, rate: 1000), second)
        #expect(measurement.openLoop?.lateOperations == 2)
        #expect(measurement.openLoop?.scheduleLag.count == 998)
        #expect(measurement.openLoop?.scheduleLag.max_ns == 0)
    }

    @Test(
        "gives up what is overdue when the schedule is over and the strategy fails, and counts it as errors")
    func hangingStore() throws {
        let clock = SimulatedClock()
        // Each call takes a second and fails, as with a store that does not answer.
        let script = Script(.throwsAlways, inside: { clock.advance(by_ns: 1_000_000_000) })
        let measurement = try script.measure(
            .open(.constant, rate: 1000), .duration(nanoseconds: 3_000_000_000), by: MonotonicClock(clock))
        #expect(measurement.total.errors == 3000)
        #expect(measurement.total.completed == 0)
        #expect(script.calls.load(ordering: .relaxed) == 3)
    }

    @Test("asks a store that refuses at once no oftener than requests are due, and never backs off")
    func refusingStore() throws {
        let clock = SimulatedClock()
        let script = Script(.throwsAlways, inside: { clock.advance(by_ns: 10_000) })
        let measurement = try script.measure(
            .open(.constant, rate: 1000), .duration(nanoseconds: 3_000_000_000), by: MonotonicClock(clock))
        #expect(measurement.total.errors == 3000)
        #expect(script.calls.load(ordering: .relaxed) == 3000)
        #expect(measurement.openLoop?.lateOperations == 0)
        #expect(measurement.wall_ns == 3_000_000_000)
    }

    @Test("several clients take turns at a constant rate")
    func turns() throws {
        let gaps = (0..<4).map { client in
            ArrivalTimes(.constant, rate: 1000, clients: 4, client: client, count: 3, seed: 1).times_ns
        }
        #expect(gaps[0] == [500_000, 4_500_000, 8_500_000])
        #expect(gaps[3] == [3_500_000, 7_500_000, 11_500_000])
    }

    @Test("does exactly as many operations as asked, at the rate asked", arguments: Arrival.Process.allCases)
    func exactCount(process: Arrival.Process) throws {
        for (count, clients) in [(1000, 50), (967, 7), (3, 50)] {
            let measurement = try ScriptedTimes { _ in 0 }
                .measure(.open(process, rate: 200), .operations(count), clients: clients)
            #expect(measurement.total.completed == UInt64(count))
            let expected_ns = Double(count) / 200 * 1e9
            #expect(abs(Double(measurement.wall_ns) - expected_ns) < 1000, "\(clients) clients")
            #expect(abs(measurement.operationsPerSecond - 200) < 0.001)
        }
    }

    /// The arrivals of clients that share a rate, a thousand of each in a lap.
    private func arrivals(rate: Double, clients: Int, seed: UInt64) -> [ArrivalTimes] {
        (0..<clients).map {
            ArrivalTimes(.poisson, rate: rate, clients: clients, client: $0, count: 1000, seed: seed)
        }
    }

    @Test("counts requests before a moment as their times say, in every lap")
    func counting() {
        let own = arrivals(rate: 20, clients: 50, seed: 3)[0]
        #expect(own.lap_ns == 2_500_000_000_000)
        for index in [0, 1, 500, 999, 1000, 1001, 1999, 54_321] {
            let time_ns = own.time_ns(of: index)
            #expect(own.count(before: time_ns) == index)
            #expect(own.count(before: time_ns + 1) == index + 1)
        }
    }

    @Test("phase after phase has as many requests as a Poisson process, the first gaps drawn like any other")
    func phases() throws {
        // 50 clients at 20 per second together: once this gave 13 to 17 in every phase.
        let arrivals = arrivals(rate: 20, clients: 50, seed: 3)
        let second_ns: UInt64 = 1_000_000_000
        var (counts, firstGaps) = ([Int](), [Double]())
        for phase in 0..<400 {
            let start_ns = UInt64(phase) * second_ns * 5 / 4
            let due = DueRequests(arrivals, in: start_ns..<(start_ns + second_ns))
            counts.append(due.indices.reduce(0) { $0 + $1.count })
            for (client, own) in arrivals.enumerated() {
                let first_ns = own.time_ns(of: due.indices[client].lowerBound) - start_ns
                firstGaps.append(Double(first_ns) / 2.5e9)
            }
        }
        let mean = Double(counts.reduce(0, +)) / 400
        #expect(abs(mean - 20) < 0.75, "3.3 standard errors: \(mean)")
        let variance = counts.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 399
        #expect(variance > 14 && variance < 27, "a Poisson count has the variance of its mean: \(variance)")
        // Each of ten bins of the exponential distribution has a tenth.
        var bins = Array(repeating: UInt64(0), count: 10)
        for gap in stride(from: 0, to: firstGaps.count, by: 7).map({ firstGaps[$0] }) {
            bins[min(9, Int((1 - exp(-gap)) * 10))] += 1
        }
        let shares = Array(repeating: 0.1, count: 10)
        #expect(try #require(ChiSquare.pValue(bins, shares: shares)) > 0.001, "\(bins)")
    }
}
