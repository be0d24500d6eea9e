import ArgumentParser
import AuthReport
import Foundation

/// `authbench gate --base … --head …`: drives both programs in alternation and gives a verdict.
struct GateRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Measures two builds side by side, or gives the verdict of a recording."
    )

    @Option(help: "The program to compare with: the build before the change.")
    var base: String?

    @Option(help: "The program to judge: the build with the change.")
    var head: String?

    @Option(help: "Gives the verdict of a recording instead of measuring.")
    var replay: String?

    @Option(
        help:
            "A strategy to compare, or the beginning of its name; may be given several times (default: all).")
    var strategy: [String] = []

    @Option(
        help:
            "\(GateOperation.names); may be given several times (default: all).")
    var operation: [String] = []

    @Option(
        parsing: .unconditional,
        help: "How many clients the operations called parallel have; 1 for none of those.")
    var clients = 4

    @Option(parsing: .unconditional, help: "How many sessions each cell has.")
    var population = 128

    @Option(parsing: .unconditional, help: "Decides the traces and the order of everything (default: drawn).")
    var seed: UInt64?

    @Option(parsing: .unconditional, help: "Seconds after which no more blocks are begun.")
    var budget = 300.0

    @Flag(help: "Half the slices in each block: faster, and a little less sharp.")
    var fast = false

    @Flag(help: "Counts instructions as well, with Valgrind: finds 1 % in what only computes.")
    var instructions = false

    @Option(help: "A folder for the recording and the reports, made if it is missing.")
    var out: String?

    @OptionGroup var verdict: VerdictOptions

    @Flag(name: .shortAndLong, help: "No progress and no talk on stderr, only errors.")
    var quiet = false

    func run() throws {
        if let replay {
            guard base == nil, head == nil, out == nil else {
                throw Fault.usage("--replay measures nothing: leave --base, --head and --out out")
            }
            return try finish(try GateLines.read(URL(fileURLWithPath: replay)), files: nil)
        }
        let (recording, files) = try GateSession(plan: try plan()).run()
        try finish(recording, files: files)
    }

    private func plan() throws -> GatePlan {
        if let out { try Fault.refuseEmpty(out, "--out") }
        guard let base, let head else {
            throw Fault.usage(
                "name both programs, --base FILE --head FILE, or a recording with --replay FILE")
        }
        let known = GateOperation.all.map(\.name)
        if let unknown = operation.first(where: { !known.contains($0) }) {
            throw Fault.usage("unknown operation \"\(unknown)\": choose \(GateOperation.names)")
        }
        guard 1...64 ~= clients else { throw Fault.usage("--clients is \(clients): from 1 to 64") }
        guard clients...100_000 ~= population else {
            throw Fault.usage("--population is \(population): from one a client to 100000")
        }
        guard (1...86_400).contains(budget) else {
            throw Fault.usage("--budget is \(budget): from 1 to 86400 seconds")
        }
        return GatePlan(
            base: try program(base, "--base"), head: try program(head, "--head"), strategies: strategy,
            operations: GateOperation.all.filter { operation.isEmpty || operation.contains($0.name) },
            clients: clients,
            population: population, seed: seed ?? UInt64.random(in: 0...UInt64(UInt32.max)), budget_s: budget,
            isFast: fast, countsInstructions: instructions,
            out: out.map { URL(fileURLWithPath: $0, isDirectory: true) },
            isQuiet: quiet)
    }

    private func program(_ path: String, _ option: String) throws -> URL {
        let url = URL(fileURLWithPath: path)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw Fault.runtime(
                "\(option) \(path) is no program that can be started: name the built authbench")
        }
        return url
    }

    /// Shows the verdict and exits with its status.
    private func finish(_ recording: GateRecording, files: GateFiles?) throws {
        let report = GateEvaluation(recording).report
        try files?.write(report)
        try verdict.deliver(report)
    }
}
