import Foundation
import Testing

@testable import AuthStatistics

@Suite("Search for a capacity")
struct CapacitySearchTests {
    private typealias Answer = CapacitySearch.Answer

    /// Follows a search to its end.
    ///
    /// - Returns: its result and its probes.
    private func follow(
        start: Double = 1000, in rates: ClosedRange<Double> = 1...1e7,
        _ answer: (CapacitySearch.Probe) -> CapacitySearch.Answer
    ) throws -> (CapacitySearch.Result, [CapacitySearch.Probe]) {
        var search = CapacitySearch(start: start, in: rates)
        var probes: [CapacitySearch.Probe] = []
        while let probe = search.next {
            try #require(probes.count < 100, "the search does not end: \(probes.suffix(5))")
            probes.append(probe)
            search.note(answer(probe))
        }
        return (try #require(search.result), probes)
    }

    @Test("a sharp limit lies in the interval, which is 5 % wide", arguments: 0..<200)
    func sharpLimit(step: Int) throws {
        // Between 3 and 2 million, each 7 % above the one before.
        let limit = 3 * pow(2e6 / 3, (Double(step) + 0.37) / 200)
        let (result, probes) = try follow { $0.perSecond <= limit ? .held : .broken("p99") }
        guard case .found(let rates, broken: "p99") = result else {
            Issue.record("\(limit) per second: \(result)")
            return
        }
        #expect(rates.low <= limit && limit <= rates.high, "\(limit) is not in \(rates)")
        // Four figures of a rate leave a thousandth.
        #expect(rates.high / rates.low <= CapacitySearch.precision * 1.001)
        #expect(probes.last?.stage == .confirm && probes.last?.perSecond == rates.low)
        #expect(probes.count < 35)
    }

    @Test("the rate is doubled, then the gap halved, then what held is confirmed")
    func stages() throws {
        let (_, probes) = try follow { $0.perSecond <= 5000 ? .held : .broken("p99") }
        #expect(probes.prefix(4).map(\.perSecond) == [1000, 2000, 4000, 8000])
        #expect(
            probes.map(\.stage) == Array(repeating: .double, count: 4) + Array(repeating: .bisect, count: 4)
                + [.confirm])
    }

    @Test("a longer stage that does not hold lowers the rate by 5 % each time")
    func unconfirmed() throws {
        let (result, _) = try follow { probe in
            let limit = probe.stage == .confirm ? 4500.0 : 5000
            return probe.perSecond <= limit ? .held : .broken("p99")
        }
        guard case .found(let rates, _) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(rates.low <= 4500 && 4500 < rates.high && rates.high / rates.low < 1.06)
    }

    @Test("a generator that fails first is the limit, with what was held below")
    func weakGenerator() throws {
        let (result, _) = try follow { $0.perSecond <= 5000 ? .held : .limited("the generator") }
        guard case .notFound(let held?, .generator, why: "the generator") = result else {
            Issue.record("\(result)")
            return
        }
        #expect(held <= 5000 && 5000 / held <= CapacitySearch.precision * 1.001)
    }

    @Test("a strategy that breaks below the generator's limit is found all the same")
    func strategyBelowTheGenerator() throws {
        let (result, _) = try follow { probe in
            probe.perSecond > 7000
                ? .limited("the generator") : probe.perSecond > 5000 ? .broken("p99") : .held
        }
        guard case .found(let rates, broken: "p99") = result else {
            Issue.record("\(result)")
            return
        }
        #expect(rates.low <= 5000 && 5000 <= rates.high)
    }

    @Test("a probe that was disturbed is made three times, and the machine is then the limit")
    func busyMachine() throws {
        let (result, probes) = try follow { _ in .disturbed("busy") }
        #expect(result == .notFound(held: nil, .machine, why: "busy"))
        #expect(probes.map(\.perSecond) == [1000, 1000, 1000])
    }

    @Test("one disturbed probe changes nothing but the number of probes")
    func oneDisturbance() throws {
        var count = 0
        let (result, probes) = try follow { probe in
            count += 1
            return count == 5 ? .disturbed("busy") : probe.perSecond <= 5000 ? .held : .broken("p99")
        }
        let (quiet, few) = try follow { $0.perSecond <= 5000 ? .held : .broken("p99") }
        #expect(result == quiet && probes.count == few.count + 1)
    }

    @Test("the highest rate that is asked for is no capacity when it holds")
    func endOfRange() throws {
        let (result, _) = try follow(in: 1...3000) { _ in .held }
        #expect(result == .notFound(held: 3000, .range, why: "it held the highest rate that was asked for"))
    }

    @Test("an objective that the lowest rate breaks has no capacity")
    func nothingHolds() throws {
        let (result, probes) = try follow(in: 100...3000) { _ in .broken("p99") }
        #expect(result == .notFound(held: nil, .objective, why: "even at the lowest rate: p99"))
        #expect(probes.last?.perSecond == 100)
    }

    @Test(
        "rates have four figures",
        arguments: [(1234.56, 1235.0), (0.123456, 0.1235), (98_765_432, 98_770_000), (10, 10)])
    func figures(rate: Double, expected: Double) {
        #expect(abs(CapacitySearch.rounded(rate) - expected) < expected * 1e-12)
    }
}
