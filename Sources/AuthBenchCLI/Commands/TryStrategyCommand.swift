import ArgumentParser
import AuthConformance
import AuthCore
import Backends
import Foundation
import Synchronization

/// `authbench try-strategy` tries one strategy in a process of its own, which may crash or hang; `conform` starts it,
/// nobody types it.
struct TryStrategyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try-strategy",
        abstract: "Tries one strategy for conform, which names it by a line on stdin.",
        shouldDisplay: false)

    func run() throws {
        guard let line = readLine(),
            let order = try? JSONDecoder().decode(TrialProtocol.Order.self, from: Data(line.utf8)),
            let choice = try? StrategyChoice.named([order.strategy], among: Registry.strategies).first
        else {
            throw CommandError.usage(
                "try-strategy is started by authbench conform: run authbench conform instead")
        }
        let teller = Teller(try StandardOutput.divert(to: order.stdout_path))
        let watch = Watch()
        Self.watchOver(watch, patience_s: order.patience_s, teller)
        let environment = choice.environment(order.environment(try WorkloadSource.load("mixed").policy))
        _ = Conformance.check(
            choice.type, in: environment, longestToken_bytes: Conformance.longestToken_bytes, watch: watch,
            report: { event in
                switch event {
                case .begins(let requirement): teller.tell(.begins(requirement))
                case .finds(let finding): teller.tell(.finds(finding))
                }
            })
        fflush(nil)
        teller.tell(.isOver)
    }

    /// The whole trial may take this many times as long as one call.
    private static let wholeTrial = 20.0

    /// Ends the process when a call does not return, or when nobody listens any more.
    private static func watchOver(_ watch: Watch, patience_s: Double, _ teller: Teller) {
        let begin = ContinuousClock.now
        Thread.detachNewThread {
            while !Readiness.isReadable(STDIN_FILENO, within: 0.05) {
                let call = watch.oldestCall
                if let call, call.begin.duration(to: .now) > .seconds(patience_s) {
                    teller.tell(.isStuck("\(call.verb) has not come back within \(patience_s) s"))
                    break
                }
                if begin.duration(to: .now) > .seconds(patience_s * wholeTrial) {
                    teller.tell(
                        .isStuck("the trial has not come to its end within \(patience_s * wholeTrial) s"))
                    break
                }
            }
            _exit(ExitStatus.runtime)
        }
    }

    /// Reports the course of the trial to the process that started it.
    private final class Teller: Sendable {
        private let handle: Mutex<FileHandle>

        init(_ handle: sending FileHandle) { self.handle = Mutex(handle) }

        /// Writes one event; when nobody listens any more, the process is about to end.
        func tell(_ event: TrialProtocol.Event) {
            handle.withLock { handle in
                try? handle.write(contentsOf: (try? TrialProtocol.line(event)) ?? Data())
            }
        }
    }
}
