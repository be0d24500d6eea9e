import AuthCore
import Dispatch
import Synchronization

/// A strategy value on a serial queue of its own, as `Client` has it, with what it found.
final class ExposureClient<S: AuthStrategy & ~Copyable>: Sendable {
    private let queue: DispatchQueue
    private let strategy: Mutex<S>
    private let index: Int
    let probes = Mutex(ProbeLog(credentials: 0))
    let withdrawals = Mutex(WithdrawalLog())

    init(_ index: Int, sharing shared: S.Shared) throws {
        self.index = index
        queue = DispatchQueue(label: "authbench.exposure.\(index)", qos: .userInitiated)
        strategy = Mutex(try S(sharing: shared))
    }

    /// Issues all credentials, each at its own moment before the start.
    func issue(_ tasks: [WithdrawalTimetable.Task], stop: StopFlag) throws -> Wallet {
        var wallet = Wallet()
        wallet.reserve(tasks.count)
        try strategy.withLock { strategy in
            for first in stride(from: 0, to: tasks.count, by: 512) {
                if stop.isRaised { throw Stopped() }
                let portion = tasks[first..<min(first + 512, tasks.count)]
                let issued = try strategy.load(portion.map { Login($0.subject, at: $0.issuedAt) })
                guard issued.count == portion.count else {
                    throw MissingCredentials(strategy: S.descriptor.id)
                }
                for (task, credential) in zip(portion, issued) {
                    wallet.append(credential, of: task.subject)
                }
            }
        }
        return wallet
    }

    func follow(_ trial: HolderTrial) throws -> [LoginExposure] {
        try strategy.withLock { try trial.run(on: &$0) }
    }

    /// Waits at the gate and probes until the end, or until the strategy throws.
    func probe(_ scene: ExposureScene, through gate: Gate) {
        queue.async(group: gate.done) { [self] in
            guard let phase = gate.pass() else { return }
            scene.instruments.settle()
            var log = ProbeLog(credentials: scene.wallet.subjects.count)
            strategy.withLock { strategy in
                do { try log.probe(scene, phase, client: index, on: &strategy) } catch { log.fail(error) }
            }
            probes.withLock { $0 = log }
        }
    }

    /// Waits at the gate and withdraws all credentials, each when it is due, until the strategy throws.
    func withdraw(_ scene: ExposureScene, through gate: Gate) {
        queue.async(group: gate.done) { [self] in
            guard let phase = gate.pass() else { return }
            scene.instruments.settle()
            var log = WithdrawalLog()
            strategy.withLock { strategy in
                do { try log.withdraw(scene, phase, on: &strategy) } catch { log.errors.note("\(error)") }
            }
            withdrawals.withLock { $0 = log }
        }
    }
}
