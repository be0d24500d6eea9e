import AuthCore
import Dispatch
import Foundation
import Testing

@testable import AuthHarness

@Suite("Slices")
struct SliceBenchTests {
    private func runner(_ script: Script, clients: Int, patience_s: Double = 60) throws -> SliceRunner {
        let json =
            #"{"name":"t","summary":"t","population":64,"clients":\#(clients),"mix":{"authenticate":1}}"#
        let workload = try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
        var instruments = Instruments.bare
        instruments.patience_s = patience_s
        return try Script.$current.withValue(script) {
            try SliceRunner(
                [.init(strategy: StrategyChoice(SyntheticStrategy.self), trace: Trace(workload))],
                in: Environment(policy: workload.policy, sqlite: SQLiteSettings(path: "")), cores: 2,
                instruments: instruments)
        }
    }

    @Test("a lock that all clients share shows with several clients, and with one does not")
    func coarseLock() throws {
        let lock = DispatchSemaphore(value: 1)
        func wall_ns(clients: Int, isLocked: Bool) throws -> Double {
            let script = Script(inside: {
                if isLocked { lock.wait() }
                usleep(2000)
                if isLocked { lock.signal() }
            })
            let slices = try runner(script, clients: clients)
            return try (0..<3).map { _ in Double(try slices.measure(0, operations: 32).wall_ns) }.min() ?? 0
        }
        let one = try wall_ns(clients: 1, isLocked: true) / wall_ns(clients: 1, isLocked: false)
        let four = try wall_ns(clients: 4, isLocked: true) / wall_ns(clients: 4, isLocked: false)
        // Sleeps end late on a busy machine, but never early: 32 in a row take four times as long as four rows of 8.
        #expect(four > 1.4 * one, "\(one) and \(four)")
    }

    @Test("a strategy that hangs ends the slice with its name, while one that is only slow does not")
    func hang() throws {
        let never = DispatchSemaphore(value: 0)
        let stuck = try runner(Script(inside: { never.wait() }), clients: 2, patience_s: 0.2)
        do {
            _ = try stuck.measure(0, operations: 8)
            Issue.record("a slice of a strategy that hangs came to an end")
        } catch let error as HangError {
            #expect("\(error)".hasPrefix("synthetic hangs: for 0.2 s none of its clients"))
        }
        for _ in 0..<8 { never.signal() }
        let slow = try runner(Script(inside: { usleep(60_000) }), clients: 1, patience_s: 0.4)
        #expect(try slow.measure(0, operations: 12).tally.completed == 12)
    }
}
