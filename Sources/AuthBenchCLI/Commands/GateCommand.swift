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

    @Option(help: "What to print on stdout: table, markdown, json, junit or csv.")
    var format = VerdictFormat.table

    func run() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "authbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let counter = try InstructionCallgrind(folder: folder)
        let counts = try InstructionLane(counter: counter).measure(
            base: URL(fileURLWithPath: base), head: URL(fileURLWithPath: head)
        ) { Console.say("counting \($0)") }
        let report = VerdictReport(title: "gate", base: base, head: head, rows: counts.map(\.row))
        try Console.output(try format.text(report, isColored: Console.isOutputColored))
        if report.verdict == .regression { throw ExitCode(ExitStatus.negative) }
    }
}

extension VerdictFormat: ExpressibleByArgument {}
