import ArgumentParser
import AuthCore
import AuthGate
import AuthStrategies
import Backends
import Foundation
import Glibc

/// The command line around a list of strategies; another package calls it with strategies of its own.
public enum AuthBench {
    /// Parses the arguments of the process, carries the command out and exits.
    ///
    /// - Parameter strategies: those that the commands know, in the order of tables.
    public static func main(_ strategies: StrategyRegistry) -> Never {
        // Swift's own runtime ends with a trap where it can open nothing.
        guard FileLimit.raise() >= Resources.leastFiles else {
            leave(ExitStatus.runtime, "fewer than \(Resources.leastFiles) files may be open: see ulimit -n")
        }
        Signals.ignoreBrokenPipes()
        Signals.ignoreFileSizeLimit()
        do throws(ThreadError) { try Signals.watch() } catch { leave(ExitStatus.runtime, "\(error)") }
        OpenSSLLifetime.keepUntilTheEnd()
        // We never call it ourselves, and its caller's status would be read as a result.
        atexit { AuthBench.leave(ExitStatus.runtime, "a strategy, or a library of it, called exit") }
        let status = Registry.$strategies.withValue(strategies) {
            run(Array(CommandLine.arguments.dropFirst()))
        }
        // What was proved stays; anything else may come of the signal itself.
        if let signal = Signals.received, status != ExitStatus.signal(signal), status != ExitStatus.negative {
            leave(ExitStatus.signal(signal), "stopped by a signal")
        }
        leave(status)
    }

    /// Ends the process without what `exit` does, as that takes from under other threads what they use: a client that
    /// hangs in its store, or a thread of a strategy's own.
    private static func leave(_ status: Int32, _ message: String? = nil) -> Never {
        if let message { Console.complain(message) }
        fflush(nil)
        _exit(status)
    }

    /// Carries one command out.
    ///
    /// - Returns: the exit status; whatever went wrong has been said in one line on stderr.
    static func run(_ arguments: [String]) -> Int32 {
        do {
            var command = try Root.parseAsRoot(arguments)
            try command.run()
            return ExitStatus.success
        } catch let error as CommandError {
            Console.complain(error.message)
            return error.status
        } catch let error as GateError {
            Console.complain(error.description)
            return error.status
        } catch let error as UnknownStrategyError {
            Console.complain(error.description)
            return ExitStatus.usage
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let status = Root.exitCode(for: error).rawValue
            guard status != ExitStatus.success else {
                print(Root.fullMessage(for: error))
                return status
            }
            let isOurs = error is ValidationError || error is CleanExit || status == ExitStatus.usage
            Console.complain(isOurs ? Root.message(for: error) : error.words)
            // What the parser does not know is no wrong decision.
            return status == ExitStatus.usage ? status : ExitStatus.runtime
        }
    }
}

/// The strategies that commands know.
enum Registry {
    @TaskLocal static var strategies: StrategyRegistry = []

    static var baseline: String? { strategies.baseline }
}

extension StrategyRegistry {
    /// The strategy that only shows the harness's own cost.
    var baseline: String? { map { $0.descriptor }.first { $0.transport == .none }?.id }
}

struct Root: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authbench",
        abstract:
            "Runs authentication strategies through one workload and measures them: measure it, don't assume it.",
        version: Version.authbench,
        subcommands: [
            RunCommand.self, ExposureCommand.self, GateCommand.self, CompareCommand.self,
            ValidateCommand.self,
            MergeCommand.self, ConformCommand.self,
            ListCommand.self, TraceCommand.self, TokenCommand.self, SchemaCommand.self,
            ServeSlicesCommand.self, TryStrategyCommand.self,
            CountInstructionsCommand.self,
        ])
}

enum Version {
    static let authbench = "0.1.0" + (ChosenDefect.text.map { ", defective on purpose: \($0)" } ?? "")

    /// The compiler's version as far as it tells itself.
    static var swift: String {
        #if swift(>=6.4)
            "6.4 or later"
        #elseif swift(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
