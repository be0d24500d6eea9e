import AuthCore
import Dispatch
import Synchronization

/// Deletes what has expired from a strategy's store while the clients work, as a server's own timer does.
///
/// It has a strategy value, and so a connection, of its own, and none of its work is an operation. What it deletes are
/// sessions that nobody came back to: before each phase a twentieth of the population of them is put into the store, and
/// they expire little by little. No clock is needed for that: a group is so much older than the next that one has
/// expired, whatever the strategy's lifetime, before the next begins.
final class Sweeper<S: AuthStrategy & ~Copyable>: Sendable {
    private let queue = DispatchQueue(label: "authbench.sweeper", qos: .userInitiated)
    private let strategy: Mutex<S>
    private let interval_ms: Int
    private let abandoned: Int
    /// From one group to the next.
    private let step_ms: Int64
    private let absolute_ms: Int64

    /// A sweeper, or `nil` where the policy asks for none or the strategy has nothing to sweep.
    init?(sharing shared: S.Shared, policy: Policy, population: Int) throws {
        guard policy.sweepInterval_ms > 0 else { return nil }
        var strategy = try S(sharing: shared)
        guard try strategy.sweep(at: .traceStart) != nil else { return nil }
        self.strategy = Mutex(strategy)
        interval_ms = Int(policy.sweepInterval_ms)
        abandoned = min(20_000, max(1, population / 20))
        absolute_ms = policy.lifetimes.absolute_ms
        step_ms = absolute_ms + 3_600_000
    }

    /// Puts sessions into the store that will have expired, group by group, in the phase to come.
    func prepare(_ extent: Extent) -> SweepShift {
        let shift = SweepShift(extent, interval_ms: interval_ms)
        let logins = (0..<abandoned).map { index in
            Login(
                Subject(id: Subject.sample.id - 1_000_000 - UInt64(index)),
                at: beginning(ofGroup: index * shift.groups / abandoned, of: shift))
        }
        do { _ = try strategy.withLock { try $0.load(logins) } } catch {
            shift.sweep.withLock { $0.failure = error }
        }
        return shift
    }

    /// Sweeps once in every interval until the shift ends.
    func begin(_ shift: SweepShift, by instruments: Instruments) {
        queue.async(group: shift.done) { [self] in
            let before_ns = instruments.threadCPU_ns()
            var tick = 0
            while shift.end.wait(timeout: .now() + .milliseconds(interval_ms)) == .timedOut {
                let group = min(shift.groups - 1, tick * shift.groups / shift.ticks)
                sweep(
                    at: beginning(ofGroup: group, of: shift).advanced(byMilliseconds: absolute_ms), shift)
                tick += 1
            }
            let cpu_ns = instruments.threadCPU_ns() - before_ns
            shift.sweep.withLock { $0.cpu_ns = cpu_ns }
        }
    }

    /// Batch by batch, so that writers come in between.
    private func sweep(at now: Instant, _ shift: SweepShift) {
        do {
            while let deleted = try strategy.withLock({ try $0.sweep(at: now) }), deleted > 0 {
                shift.sweep.withLock { $0.deleted += deleted }
            }
        } catch { shift.sweep.withLock { $0.failure = $0.failure ?? error } }
    }

    /// When the sessions of a group began; those of the last have expired when the trace begins.
    private func beginning(ofGroup group: Int, of shift: SweepShift) -> Instant {
        .traceStart.advanced(byMilliseconds: -Int64(shift.groups - group) * step_ms)
    }
}

/// What a sweeper did in one phase.
struct Sweep: Sendable {
    var deleted = 0
    var cpu_ns: UInt64 = 0
    var failure: (any Error)?
}

/// One phase of sweeping.
final class SweepShift: Sendable {
    fileprivate let groups: Int
    fileprivate let ticks: Int
    fileprivate let end = DispatchSemaphore(value: 0)
    fileprivate let done = DispatchGroup()
    fileprivate let sweep = Mutex(Sweep())

    fileprivate init(_ extent: Extent, interval_ms: Int) {
        ticks = extent.duration_ns.map { max(1, Int($0 / 1_000_000) / interval_ms) } ?? 10
        groups = min(100, ticks)
    }

    /// Waits until the sweep that is going on has ended.
    func finish() -> Sweep {
        end.signal()
        done.wait()
        return sweep.withLock { $0 }
    }
}
