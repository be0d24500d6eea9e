import Dispatch
import Testing

@testable import AuthHarness

/// What waits for threads that the system does not give, or for a strategy that does not come back.
@Suite("Stalls")
struct StallTests {
    @Test(
        "a gate that some clients do not reach lets the others go, with nothing to do, and says how many came"
    )
    func gate() async {
        let gate = Gate(clients: 3, patience_ms: 50)
        let error = #expect(throws: TooFewThreads.self) {
            _ = try gate.open(starting: {
                for index in 0..<2 {
                    DispatchQueue(label: "client \(index)").async(group: gate.done) {
                        #expect(gate.pass() == nil)
                    }
                }
            }) { Phase(start_ns: 0, duration_ns: 1, isDrained: false) }
        }
        #expect(error?.arrived == 2 && error?.clients == 3)
    }

    @Test("loading that gets nowhere is given up, loading that is only slow is not")
    func loading() throws {
        let stuck = Loading(width: 1, stop: StopFlag(), patience_s: 0.05) { _ in }
        stuck.group.enter()
        #expect(throws: LoadingStalled.self) { try stuck.wait() }
        stuck.group.leave()
        let slow = Loading(width: 1, stop: StopFlag(), patience_s: 0.5) { _ in }
        DispatchQueue(label: "slow").async(group: slow.group) {
            for _ in 0..<100 {
                slow.advance(1)
                DispatchSemaphore(value: 0).waitAwhile()
            }
        }
        try slow.wait()
    }
}

extension DispatchSemaphore {
    fileprivate func waitAwhile() { _ = wait(timeout: .now() + .milliseconds(10)) }
}
