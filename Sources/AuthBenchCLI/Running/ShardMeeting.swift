import AuthCore
import AuthHarness
import AuthResults
import Backends
import Dispatch
import Foundation
import Synchronization

/// One shard's part in a run: where it meets the others, and what it says when one of them is missing.
final class ShardMeeting: Sendable {
    /// While the first repeat is waited for, others still load: so many times the patience.
    private static let loadingFactor = 10.0
    /// How long all are quiet after they were let go.
    private static let hush_ns: UInt64 = 5_000_000

    let shard: Shard
    /// `nil` where there is no other.
    private let rendezvous: RedisRendezvous?
    private let patience_s: Double
    private let next = Mutex((name: "the start", isFirst: true))

    /// Waits until all shards are there.
    ///
    /// - Parameters:
    ///   - plan: of this shard.
    ///   - run: what it will do.
    ///   - traceSHA256: of the whole trace.
    ///   - stop: raised when another shard is lost.
    /// - Throws: `RendezvousError`, `RedisError`, `ThreadError`.
    init(_ plan: ShardPlan, of run: RunPlan, traceSHA256: String, stop: StopFlag) throws {
        (shard, patience_s) = (plan.shard, plan.patience_s)
        guard let (_, endpoint) = plan.rendezvous else {
            rendezvous = nil
            return
        }
        var settings = RedisRendezvous.Settings(
            endpoint: endpoint, name: plan.name ?? "\(traceSHA256.prefix(16))-\(plan.shard.count)",
            plan: run.digest(traceSHA256, shards: plan.shard.count), index: plan.shard.index,
            count: plan.shard.count)
        settings.patience_s = plan.patience_s
        rendezvous = try RedisRendezvous(
            settings, isStopped: { stop.isRaised }, onLoss: { stop.raise() })
    }

    /// Of this run of all shards, which tells it from any other.
    var id: String? { rendezvous?.id }

    /// Says what is measured next, for whoever waits in vain.
    func announce(_ strategy: String, repeatIndex: Int) {
        next.withLock { $0.name = "\(strategy), repeat \(repeatIndex)" }
    }

    /// How the harness begins a repeat in all shards together.
    var together: Together {
        Together(
            gather: { [self] in
                let (name, isFirst) = next.withLock { next in
                    defer { next.isFirst = false }
                    return next
                }
                try rendezvous?.meet(
                    name, patience_s: isFirst ? Self.loadingFactor * patience_s : patience_s)
            },
            start: { [self] in
                guard let rendezvous else { return }
                try rendezvous.meet("the start of \(next.withLock { $0.name })", patience_s: patience_s)
                // On one machine the clients of the first would else take the processors from the server that lets the others go.
                PreciseTimer.settle()
                // The clients of who wakes first would hold up the others' beginning.
                PreciseTimer.goFirst(true)
                PreciseTimer.sleep(
                    until_ns: DispatchTime.now().uptimeNanoseconds + Self.hush_ns)
            },
            begun: { PreciseTimer.goFirst(false) })
    }

    /// Why the run ended early, where that is another shard's matter; `nil` where it is this one's own.
    func loss(behind error: any Error) -> RendezvousError? {
        if let loss = rendezvous?.loss, error is StoppedError || error is RendezvousError { return loss }
        return (error as? RendezvousError).flatMap { $0.kind == .stopped ? nil : $0 }
    }

    /// Takes leave of the others.
    ///
    /// - Parameter reason: why this shard ends early; `nil` when it has done everything.
    func end(_ reason: String?) { rendezvous?.leave(reason) }
}

extension RendezvousError {
    /// The exit status of a run that this ends: a machine that is slow or gone makes numbers invalid, a wrong command none.
    var status: Int32 { kind == .unlike ? ExitStatus.usage : ExitStatus.notValid }
}

extension RunPlan {
    /// What all shards of a run must have in common, in one word.
    func digest(_ traceSHA256: String, shards: Int) -> String {
        let order = schedule.repeats.map { $0.map { strategies[$0].descriptor.id }.joined(separator: " ") }
        let text =
            ([Version.authbench, traceSHA256, "\(shards)", "\(warmUp)", "\(extent)"] + order)
            .joined(separator: "\n")
        return SHA256.hexadecimal { take in take(Array(text.utf8)) }
    }

    /// Refuses a rendezvous where nobody answers, before anything is started.
    func checkRendezvous() throws {
        guard let (url, endpoint) = shard?.rendezvous else { return }
        do throws(RedisError) {
            let information = try RedisInformation(at: endpoint)
            guard information.isTooOld else { return }
            throw RedisError.server(
                message: "this is Redis \(information.version), and authbench needs"
                    + " \(RedisInformation.leastVersion) or later")
        } catch { throw CommandError.badData("--rendezvous \(url): \(error)") }
    }
}
