import Foundation
import Synchronization
import Testing

@testable import AuthHarness

/// What waits for threads that the system does not give, or for a strategy that does not come back.
@Suite("Stalls")
struct StallTests {
    @Test(
        "a barrier that some clients do not reach lets the others go, with nothing to do, and says how many came"
    )
    func barrier() async {
        let barrier = StartBarrier(clients: 3, startThread: { _ in }, patience_ms: 50)
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

    @Test(
        "all clients are there at once, also where Dispatch has no threads for so many", arguments: [3, 400])
    func many(clients: Int) async throws {
        let barrier = StartBarrier(clients: clients, startThread: { Thread.detachNewThread($0) })
        let passed = Atomic(0)
        _ = try barrier.open(starting: {
            for index in 0..<clients {
                barrier.send(DispatchQueue(label: "client \(index)")) {
                    if barrier.pass() != nil { passed.add(1, ordering: .relaxed) }
                }
            }
        }) { Phase(start_ns: 0, duration_ns: 1, isDrained: false) }
        barrier.done.wait()
        #expect(passed.load(ordering: .relaxed) == clients)
    }

    @Test("a client for whom the system has no thread is one that does not come")
    func noThread() async {
        let started = Atomic(0)
        let barrier = StartBarrier(
            clients: 300,
            startThread: {
                if started.add(1, ordering: .relaxed).newValue == 300 { throw StoppedError() }
                Thread.detachNewThread($0)
            }, patience_ms: 200)
        let error = #expect(throws: TooFewThreadsError.self) {
            _ = try barrier.open(starting: {
                for _ in 0..<300 { barrier.send(DispatchQueue(label: "none")) { _ = barrier.pass() } }
            }) { Phase(start_ns: 0, duration_ns: 1, isDrained: false) }
        }
        #expect(error?.arrived == 299 && error?.clients == 300)
    }
}
