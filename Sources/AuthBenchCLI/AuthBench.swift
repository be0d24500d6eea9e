import ArgumentParser
import AuthCore
import AuthStrategies
import Backends
import Foundation
import Synchronization

/// The command line around a list of strategies; another package calls it with strategies of its own.
public enum AuthBench {
    /// Parses the arguments of the process, carries the command out and exits.
    ///
    /// - Parameter strategies: those that the commands know, in the order of tables.
    public static func main(_ strategies: StrategyRegistry) -> Never {
        Signals.ignoreBrokenPipes()
        Signals.ignoreFileSizeLimit()
        OpenSSLLifetime.keepUntilTheEnd()
        refuseForeignExit()
        let status = Registry.$strategies.withValue(strategies) {
            run(Array(CommandLine.arguments.dropFirst()))
        }
        isFinished.store(true, ordering: .relaxed)
        exit(status)
    }

    /// Whether the program ends because its command does.
    static let isFinished = Atomic(false)

    /// Makes an `exit` in a strategy's code an error: whoever called the program would read its status as a result.
    private static func refuseForeignExit() {
        atexit {
            guard !AuthBench.isFinished.load(ordering: .relaxed) else { return }
            Console.complain(
                "the program was ended by an exit that is not its own: a strategy, or a library of it, called exit"
            )
            _exit(ExitStatus.runtime)
        }
    }

    /// Carries one command out.
    ///
    /// - Returns: the exit status; whatever went wrong has been said in one line on stderr.
    static func run(_ arguments: [String]) -> Int32 {
        do {
            var command = try Root.parseAsRoot(arguments)
            try command.run()
            return ExitStatus.success
        } catch let fault as Fault {
            Console.complain(fault.message)
            return fault.status
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let status = Root.exitCode(for: error).rawValue
            guard status != ExitStatus.success else {
                print(Root.fullMessage(for: error))
                return status
            }
            Console.complain(Root.message(for: error))
            // What the parser does not know is no wrong decision.
            return status == ExitStatus.usage ? status : ExitStatus.runtime
        }
    }
}

/// The strategies that commands know.
enum Registry {
    @TaskLocal static var strategies: StrategyRegistry = []

    static var floor: String? { strategies.floor }
}

extension StrategyRegistry {
    /// The strategy that only shows the harness's own cost.
    var floor: String? { map { $0.descriptor }.first { $0.transport == .none }?.id }
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
            ServeSlicesCommand.self,
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
