import ArgumentParser
import AuthCore
import AuthGate
import AuthResults
import Backends
import Foundation
import Glibc

/// Runs the command line around a list of strategies; another package calls it with its own strategies.
public enum AuthBench {
    /// Parses the arguments of the process, carries out the command and exits.
    ///
    /// - Parameter strategies: the strategies that the commands know, in the order of the tables.
    public static func main(_ strategies: StrategyRegistry) -> Never {
        // Swift's own runtime traps when it cannot open a file.
        guard FileLimit.raise() >= Resources.leastFiles else {
            leave(
                ExitStatus.runtime,
                "this process may open fewer than \(Resources.leastFiles) files: see ulimit -n")
        }
        Signals.ignoreBrokenPipes()
        Signals.ignoreFileSizeLimit()
        do throws(ThreadError) { try Signals.watch() } catch { leave(ExitStatus.runtime, "\(error)") }
        OpenSSLLifetime.keepUntilTheEnd()
        // authbench never calls exit. Whoever does would leave a status that is read as a result.
        atexit { AuthBench.leave(ExitStatus.runtime, "a strategy, or a library of it, called exit") }
        let status = Registry.$strategies.withValue(strategies) {
            run(Array(CommandLine.arguments.dropFirst()))
        }
        // A proved negative stays. Any other failure may come from the signal itself.
        if let signal = Signals.received, status != ExitStatus.signal(signal), status != ExitStatus.negative {
            leave(ExitStatus.signal(signal), "stopped by a signal")
        }
        leave(status)
    }

    /// Ends the process without the cleanup of `exit`, because other threads may still use what that would destroy: a
    /// client that hangs in its store, or a thread of the strategy.
    private static func leave(_ status: Int32, _ message: String? = nil) -> Never {
        if let message { Console.complain(message) }
        fflush(nil)
        _exit(status)
    }

    /// Carries out one command.
    ///
    /// - Returns: the exit status; an error has been reported in one line on stderr.
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
            if let error = thrown(within: error) {
                Console.complain(error.message)
                return error.status
            }
            let status = Root.exitCode(for: error).rawValue
            guard status != ExitStatus.success else {
                print(Root.fullMessage(for: error))
                return status
            }
            Console.complain(
                status == ExitStatus.usage
                    ? "\(Root.message(for: error)) (see \(help(for: arguments)))" : error.words)
            // An error that the parser does not know is not a wrong decision (1).
            return status == ExitStatus.usage ? status : ExitStatus.runtime
        }
    }

    /// What a `validate` of ours has thrown, out of the parser's own errors, which nobody else can name.
    private static func thrown(within error: any Error) -> CommandError? {
        if let error = error as? CommandError { return error }
        return Mirror(reflecting: error).children.lazy
            .compactMap { ($0.value as? any Error).flatMap { thrown(within: $0) } }.first
    }

    /// The command line that prints the help for the command in these arguments, and repeats none of its own words.
    private static func help(for arguments: [String]) -> String {
        var (command, words): (any ParsableCommand.Type, [String]) = (Root.self, ["authbench", "help"])
        for argument in arguments {
            let next = command.configuration.subcommands.first {
                $0.configuration.commandName == argument && $0.configuration.shouldDisplay
            }
            guard let next else { break }
            (command, words) = (next, words + [argument])
        }
        return words.joined(separator: " ")
    }
}

struct Root: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authbench",
        abstract:
            "Measures authentication strategies under the same requests, and checks every decision they make.",
        discussion: """
            Begin with the first example. It measures every strategy on this machine, prints a table and writes CSV \
            files. It needs no service: the database is a temporary file, and a Redis server is started for the run.

            The exit status is 0 for success, 1 for a wrong decision or a proved regression, 2 when a store or a \
            program failed, 3 when the numbers prove nothing, 4 for results that cannot be compared, 5 when nothing \
            was measured, 64 for a wrong command line, and 65 for a file or folder that cannot be used.

            EXAMPLES:
              authbench run
              authbench list
            """,
        version: Version.authbench,
        groupedSubcommands: [
            CommandGroup(
                name: "Measure",
                subcommands: [
                    RunCommand.self, ExposureCommand.self, OutageCommand.self,
                    LogoutEverywhereCommand.self, SweepCommand.self,
                ]),
            CommandGroup(
                name: "Decide", subcommands: [ClaimsCommand.self, AdviseCommand.self, PlanCommand.self]),
            CommandGroup(
                name: "Keep honest",
                subcommands: [
                    GateCommand.self, CompareCommand.self, ConformCommand.self, ValidateCommand.self,
                ]),
            CommandGroup(
                name: "Serve", subcommands: [ServeCommand.self, ContractCommand.self, TokenCommand.self]),
            CommandGroup(
                name: "Files",
                subcommands: [
                    ListCommand.self, TraceCommand.self, MergeCommand.self, SchemaCommand.self,
                    // Other commands start these, and help does not show them.
                    ServeSlicesCommand.self, TryStrategyCommand.self, CountInstructionsCommand.self,
                    ServeRelayCommand.self, ServeAuthorityCommand.self,
                ]),
        ])
}
