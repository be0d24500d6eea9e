import ArgumentParser
import AuthResults
import AuthStrategies
import Foundation
import Testing

@testable import AuthBenchCLI

/// What a newcomer reads first: the help of each command, `make help`, and the words about missing packages.
@Suite("Help")
struct HelpTests {
    /// A command, and those below it.
    private static func tree(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        [command] + command.configuration.subcommands.flatMap(tree)
    }

    static let shown = tree(Root.self).filter { $0.configuration.shouldDisplay }

    /// The command lines in the help of a command, without a file that the shell would open.
    private static func examples(_ command: any ParsableCommand.Type) -> [[String]] {
        let lines = command.configuration.discussion.split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let place = lines.firstIndex(of: "EXAMPLES:") ?? lines.endIndex
        return lines[place...].dropFirst().map { line in
            // What stands between quotes is one word.
            line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap {
                index, part in
                index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
            }.filter { !$0.hasPrefix("<") && !$0.hasPrefix(">") }
        }
    }

    /// A parsed command with its own options checked as far as they need no store and no file.
    private func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        try Registry.$strategies.withValue(builtinStrategies) {
            let command = try Root.parseAsRoot(arguments)
            if let run = command as? RunCommand { _ = try run.plan() }
            if let exposure = command as? ExposureCommand { _ = try exposure.plan() }
            if let logouts = command as? LogoutEverywhereCommand { _ = try logouts.execution() }
            if let sweep = command as? SweepCommand, !sweep.over.isEmpty { _ = try SweepValues(sweep.over) }
            if let sweep = command as? SweepCommand { _ = try Objective.all(sweep.objective) }
            if let conform = command as? ConformCommand { _ = try conform.strategies.selected() }
            if let trace = command as? TraceCommand { _ = try trace.workload.resolve() }
            return command
        }
    }

    @Test("each command has two examples or more, which are right", arguments: HelpTests.shown.indices)
    func examples(index: Int) throws {
        let command = Self.shown[index]
        let examples = Self.examples(command)
        #expect(examples.count >= 2, "\(command)")
        let below = Set(Self.tree(command).map { ObjectIdentifier($0) })
        for example in examples {
            #expect(example.first == "authbench", "\(example)")
            let kind: any ParsableCommand.Type = type(of: try parsed(Array(example.dropFirst())))
            #expect(below.contains(ObjectIdentifier(kind)), "\(example) is \(kind)")
        }
    }

    @Test(
        "no line of an example or a table breaks in a terminal of 80 columns",
        arguments: HelpTests.shown.indices)
    func width(index: Int) {
        let command = Self.shown[index]
        let help = Root.helpMessage(for: command, columns: 80)
        for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
            #expect(help.split(separator: "\n").contains(line), "\(line)")
        }
    }

    @Test("the commands stand in groups, and those that other commands start in none")
    func groups() {
        var groups: [String] = []
        for group in Root.configuration.groupedSubcommands {
            var names: [String] = []
            // A key path to the configuration of a command's type crashes the compiler (Swift 6.3).
            for command in group.subcommands where command.configuration.shouldDisplay {
                names.append(command.configuration.commandName ?? "")
            }
            groups.append("\(group.name): \(names.joined(separator: " "))")
        }
        #expect(
            groups == [
                "Measure: run exposure outage logout-everywhere sweep", "Decide: claims advise plan",
                "Keep honest: gate compare conform validate",
                "Serve: serve contract token", "Files: list trace merge schema",
            ])
        let help = Root.helpMessage(columns: 80)
        for hidden in ["serve-slices", "try-strategy", "count-instructions"] {
            #expect(!help.contains(hidden))
        }
        #expect(help.contains("See 'authbench help <subcommand>' for detailed help."))
    }

    @Test("every abstract and every option is said in a sentence", arguments: HelpTests.shown.indices)
    func sentences(index: Int) {
        let command = Self.shown[index]
        #expect(command.configuration.abstract.hasSuffix("."))
        let help = Root.helpMessage(for: command, columns: 10_000)
        for line in help.split(separator: "\n") where line.hasPrefix("  -") && line.contains("   ") {
            let text = line.split(separator: "   ").last ?? ""
            let words = text.replacingOccurrences(
                of: " \\((values|default):.*\\)$", with: "", options: .regularExpression)
            #expect(words.hasSuffix(".") || words.hasSuffix(")."), "\(line)")
        }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func run(_ program: String, _ arguments: [String], path: String? = nil) throws -> Program.Result {
        var environment = ProcessInfo.processInfo.environment
        if let path { environment["PATH"] = path }
        return try Program(
            arguments, in: Self.root, environment: environment, url: URL(fileURLWithPath: program)
        ).finish()
    }

    @Test("make help lists every target with what it does, in one line")
    func make() throws {
        let makefile = try String(
            contentsOf: Self.root.appendingPathComponent("Makefile"), encoding: .utf8)
        let phony = try #require(makefile.split(separator: "\n").first { $0.hasPrefix(".PHONY:") })
        let result = try run("/usr/bin/make", ["--no-print-directory", "help"])
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        var targets: Set<String> = []
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            #expect(words.count > 3 && words[0] == "make" && line.count <= 110, "\(line)")
            let isSentence = words[2].first?.isUppercase ?? false
            #expect(isSentence, "\(line)")
            targets.insert(words[1])
        }
        let known: [String] = phony.split(separator: " ").dropFirst().map(String.init)
        #expect(targets == Set(known))
        #expect(targets.count == lines.count)
    }

    @Test("missing packages without root and sudo are one line with the command that installs them")
    func packages() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let programs = ["dpkg-query": "exit 1", "apt-get": "exit 1", "id": "echo 1000"]
        for (name, text) in programs {
            try executable(text, at: folder.appendingPathComponent(name))
        }
        let script = Self.root.appendingPathComponent(".ci/install-packages").path
        let result = try run("/bin/bash", [script, "run"], path: folder.path)
        #expect(result.status == 1)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        let packages = "libsqlite3-dev libhiredis-dev libssl-dev libpq-dev redis-server util-linux"
        #expect(
            result.errors.contains("apt-get install -y --no-install-recommends \(packages)"),
            "\(result.errors)")
        try FileManager.default.removeItem(at: folder.appendingPathComponent("apt-get"))
        let without = try run("/bin/bash", [script, "run"], path: folder.path)
        #expect(without.status == 1 && without.errors.contains(packages), "\(without.errors)")
        #expect(without.errors.split(separator: "\n").count == 1, "\(without.errors)")
    }
}
