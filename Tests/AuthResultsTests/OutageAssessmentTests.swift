import AuthCore
import Testing

@testable import AuthResults

/// The figures of an outage, from requests that are written down here: times in milliseconds.
@Suite("Outage assessment")
struct OutageAssessmentTests {
    private typealias Answer = OutageRequest.Answer

    private func request(
        _ due_ms: UInt64, _ end_ms: UInt64, _ answer: OutageRequest.Answer = .accepted,
        _ kind: OperationKind = .authenticate
    ) -> OutageRequest {
        OutageRequest(kind: kind, due_ns: due_ms * 1_000_000, end_ns: end_ms * 1_000_000, answer: answer)
    }

    /// One request each 10 ms that is answered 2 ms later, but for those that are given; away from 1 s to 2 s, over at 5 s.
    private func outage(
        _ others: [OutageRequest] = [], fault: StoreFault? = .stop,
        change: (inout OutageMeasurement) -> Void = { _ in }
    ) -> OutageAssessment {
        let given = Set(others.map(\.due_ns))
        let usual = stride(from: UInt64(0), to: 5000, by: 10).map { request($0, $0 + 2) }
        var measurement = OutageMeasurement(
            strategy: "s", promise: .immediate, fault: fault, repeatIndex: 1, clients: 2, targetRate: 100,
            duration_ns: 5_000_000_000, fault_ns: 1_000_000_000..<2_000_000_000,
            requests: (usual.filter { !given.contains($0.due_ns) } + others).sorted { $0.due_ns < $1.due_ns },
            check: OutageAftermath(), errors: ErrorKinds())
        change(&measurement)
        return OutageAssessment(measurement, limit_ns: 100_000_000)
    }

    @Test("the shares are of what was due while the store was away, and sum to 1")
    func shares() {
        let away = stride(from: UInt64(1000), to: 1500, by: 10).map { request($0, $0 + 30, .undecided) }
        let late = stride(from: UInt64(1500), to: 1750, by: 10).map { request($0, $0 + 101) }
        let row = outage(away + late)
        #expect(row.dueWhileAway == 100)
        #expect(row.undecidedShare == 0.5 && row.lateShare == 0.25 && row.decidedShare == 0.25)
        #expect(row.firstError_ns == 30_000_000 && row.undecided == 50)
        #expect(row.inconclusive == nil)
    }

    @Test("an answer exactly at the limit is in time, and one that is undecided is not late as well")
    func limit() {
        let row = outage([request(1000, 1100), request(1010, 1111), request(1020, 4000, .undecided)])
        #expect(row.lateShare == 0.01 && row.undecidedShare == 0.01 && row.decidedShare == 0.98)
    }

    @Test("good again is the first success of a kind that was reached, after the return")
    func firstGood() {
        let failed = request(1500, 1501, .undecided, .login)
        // What was not reached goes on all the time and says nothing of the store; a refusal is no success.
        let after = [request(2100, 2103, .refused, .login), request(2200, 2207, .accepted, .login)]
        #expect(outage([failed] + after).firstGood_ns == 207_000_000)
        #expect(outage().firstGood_ns == nil)
        #expect(outage().firstError_ns == nil)
    }

    @Test("normal again is when the p99 of the next second is at most twice the usual one, or 1 ms more")
    func normalAgain() {
        let row = outage()
        #expect(row.usualP99_ns == 2_000_000 && row.normal_ns == 4_000_000)
        #expect(row.normalAgain_ns == 0)
        // Of 100 a second, one may be slow: the second one of the window is too many.
        let slow = [2300, 2600, 2700].map { request($0, $0 + 5) }
        #expect(outage(slow).normalAgain_ns == 600_000_001)
        let never = stride(from: UInt64(2000), to: 5000, by: 10).map { request($0, $0 + 5) }
        #expect(outage(never).normalAgain_ns == nil)
        // A second without a request says nothing.
        #expect(outage { $0.requests.removeAll { $0.due_ns >= 2_000_000_000 } }.normalAgain_ns == nil)
        // An error is slow, whenever it comes.
        let errors = [2300, 2310].map { request($0, $0, .undecided) }
        #expect(outage(errors).normalAgain_ns == 300_000_001)
    }

    @Test("what is late or undecided before the outage makes it invalid, as a standstill does")
    func validity() {
        let one = [request(100, 300)]
        #expect(outage(one).inconclusive == nil)
        let reason = outage(one + [request(200, 201, .undecided)]).inconclusive
        #expect(reason?.contains("2 of 100 requests were late or undecided before the outage") == true)
        // What was on its way when the outage began is the outage's, unless it was late by then.
        let under = [980, 990].map { request($0, 1500, .undecided) }
        #expect(outage(one + under).inconclusive == nil)
        #expect(outage(one + [request(890, 1500, .undecided)]).inconclusive?.contains("2 of 100") == true)
        #expect(
            outage { $0.standstill_ns = 150_000_000 }.inconclusive?.contains("stood still for 150 ms") == true
        )
        #expect(outage { $0.check.undecided = 3 }.inconclusive?.contains("did not answer afterwards") == true)
        #expect(
            outage { $0.fault_ns = 1_000_000_000..<6_000_000_000 }.inconclusive?.contains("--recovery")
                == true)
        #expect(outage { $0.requests = [] }.inconclusive?.contains("raise --rate") == true)
    }

    @Test("a good credential that is refused before anything happened is wrong, later it is lost")
    func refusals() {
        let refusals = [request(500, 502, .goodRefused), request(1500, 1502, .goodRefused)]
        #expect(outage(refusals, fault: .kill).refusedWithoutLoss == 1)
        for fault in [StoreFault.stop, .cut, .reset, .slow, .lock, .full, nil] {
            #expect(outage(refusals, fault: fault).refusedWithoutLoss == 2)
            #expect(outage(fault: fault) { $0.check.lost = 3 }.refusedWithoutLoss == 3)
            #expect(outage(fault: fault) { $0.check.cameBack = 3 }.cameBackWithoutLoss == 3)
        }
        #expect(outage(refusals).goodRefused == 2)
        let row = outage {
            $0.check.good = 8
            $0.check.lost = 2
        }
        #expect(row.lostShare == 0.25 && outage().lostShare == nil)
    }

    @Test(
        "theory of a failover is the rate of sign-outs times the delay, and none where each waits for a replica"
    )
    func failover() {
        let signOuts = stride(from: UInt64(0), to: 1000, by: 20).map {
            request($0, $0 + 1, .accepted, .logout)
        }
        func row(_ replicas: Int, cameBack: Int) -> OutageAssessment {
            outage(signOuts, fault: .failover) {
                $0.replication = .init(delay_ns: 200_000_000, replicas: replicas)
                $0.check.cameBack = cameBack
            }
        }
        #expect(row(0, cameBack: 8).revivedByTheory == 10)
        #expect(row(0, cameBack: 8).revivedInterval.map { $0.low < 10 && 10 < $0.high } == true)
        #expect(row(0, cameBack: 1).revivedInterval.map { $0.high < 10 } == true)
        #expect(row(1, cameBack: 0).revivedByTheory == 0)
        #expect(row(0, cameBack: 8).cameBackWithoutLoss == 0 && row(1, cameBack: 8).cameBackWithoutLoss == 8)
        #expect(outage().revivedByTheory == nil && outage().revivedInterval == nil)
    }

    @Test("the time line has every request once, in the slice in which it was due")
    func slices() {
        let row = outage([
            request(1090, 1300, .undecided), request(1100, 1350), request(4990, 7000, .wronglyAccepted),
        ])
        let slices = row.slices
        #expect(slices.count == 50 && slices.allSatisfy { $0.due == 10 })
        #expect(slices.map(\.undecided).firstIndex(of: 1) == 10 && slices.map(\.late).firstIndex(of: 1) == 11)
        #expect(slices[11].quantile_ns(1) == 250_000_000 && slices[10].times_ns.count == 9)
        #expect(slices[49].wronglyAccepted == 1 && row.wronglyAccepted == 1)
    }
}
