import ArgumentParser
import AuthConformance
import Backends
import Foundation
import Synchronization

/// `authbench try-strategy`: one strategy's trial, in a process that may end or hang as the strategy likes; not meant to
/// be typed.
struct TryStrategyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try-strategy",
        abstract: "Tries one strategy for conform, told which by a line on stdin.",
        shouldDisplay: false)

    func run() throws {
        guard let line = readLine(),
            let order = try? JSONDecoder().decode(TrialProtocol.Order.self, from: Data(line.utf8)),
            let strategy = Registry.strategies.first(where: { $0.descriptor.id == order.strategy })
        else { throw CommandError.usage("try-strategy is for authbench conform, which tells it what to try") }
        let teller = Teller(try StandardOutput.divert(to: order.stdout_path))
        let watch = Watch()
        Self.watchOver(watch, patience_s: order.patience_s, teller)
        let environment = order.environment(try WorkloadSource.load("mixed").policy)
        _ = Conformance.check(
            strategy, in: environment, longestToken_bytes: Conformance.longestToken_bytes, watch: watch,
            report: { event in
                switch event {
                case .begins(let requirement): teller.tell(.begins(requirement))
                case .finds(let finding): teller.tell(.finds(finding))
                }
            })
        fflush(nil)
        teller.tell(.isOver)
    }

    /// How many times as long as one call all calls together may take.
    private static let wholeTrial = 20.0

    /// Ends the process when a call does not come back, or when nobody is there any more to tell.
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

    /// Tells whoever ordered the trial how it goes.
    private final class Teller: Sendable {
        private let handle: Mutex<FileHandle>

        init(_ handle: sending FileHandle) { self.handle = Mutex(handle) }

        /// Where nobody listens any more, the process is about to end.
        func tell(_ event: TrialProtocol.Event) {
            handle.withLock { handle in
                try? handle.write(contentsOf: (try? TrialProtocol.line(event)) ?? Data())
            }
        }
    }
}
