import Dispatch
import Testing

@testable import AuthHarness

/// What waits for threads that the system does not give, or for a strategy that does not come back.
@Suite("Stalls")
struct StallTests {
    @Test(
        "a barrier that some clients do not reach lets the others go, with nothing to do, and says how many came"
    )
    func barrier() async {
        let barrier = StartBarrier(clients: 3, patience_ms: 50)
        let error = #expect(throws: TooFewThreadsError.self) {
            _ = try barrier.open(starting: {
                for index in 0..<2 {
                    DispatchQueue(label: "client \(index)").async(group: barrier.done) {
                        #expect(barrier.pass() == nil)
                    }
                }
            }) { Phase(start_ns: 0, duration_ns: 1, isDrained: false) }
        }
        #expect(error?.arrived == 2 && error?.clients == 3)
    }
}
