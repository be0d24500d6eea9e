import ArgumentParser
import AuthReport
import Foundation

/// `authbench gate`: whether one program is worse than another.
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Compares two programs, base and head, and says whether head is worse."
    )

    @Option(help: "The program that is good enough.")
    var base: String

    @Option(help: "The program that must not be worse.")
    var head: String

    @Flag(help: "Counts instructions as well, with Valgrind.")
    var instructions = false

    @OptionGroup var strategies: StrategyOptions

    @Option(help: "A folder for the report as Markdown, JSON, JUnit and CSV.")
    var out: String?

    @Option(help: "What to print on stdout: table, markdown, json, junit or csv.")
    var format = VerdictFormat.table

    func run() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "authbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let counter = try InstructionCallgrind(folder: folder)
        let ids = try strategies.strategy.isEmpty ? [] : strategies.selected().map { $0.descriptor.id }
        let counts = try InstructionLane(counter: counter, strategies: Set(ids)).measure(
            base: URL(fileURLWithPath: base), head: URL(fileURLWithPath: head)
        ) { Console.say("counting \($0)") }
        let report = VerdictReport(
            title: "gate", base: base, head: head, rows: counts.map(\.row),
            notes: counter.remark.map { [("instructions", $0)] } ?? [])
        if let out { try write(report, to: URL(fileURLWithPath: out)) }
        try Console.output(try format.text(report, isColored: Console.isOutputColored))
        if report.verdict == .regression { throw ExitCode(ExitStatus.negative) }
    }

    private func write(_ report: VerdictReport, to folder: URL) throws {
        let names: [(String, VerdictFormat)] = [
            ("report.md", .markdown), ("report.json", .json), ("report.xml", .junit), ("gate.csv", .csv),
        ]
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, format) in names {
                try Data(try format.text(report).utf8).write(to: folder.appendingPathComponent(name))
            }
        } catch { throw Fault.badData("--out \(folder.path) cannot be written: \(error.reason)") }
    }
}

extension VerdictFormat: ExpressibleByArgument {}
