@testable import AuthCore
import AuthReport
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
            .open(.constant, rate: 1000), .duration(nanoseconds: 3_000_000_000), by: Timepiece(clock))
        #expect(measurement.total.errors == 3000)
        #expect(measurement.total.completed == 0)
        #expect(script.calls.load(ordering: .relaxed) == 3)
    }

    @Test("several clients take turns at a constant rate, in each phase anew")
    func turns() throws {
        let gaps = (0..<4).map { client in
            ArrivalTimes(.constant, rate: 1000, clients: 4, client: client, count: 3, seed: 1).times_ns
        }
        #expect(gaps[0] == [500_000, 4_500_000, 8_500_000])
        #expect(gaps[3] == [3_500_000, 7_500_000, 11_500_000])
    }
}
