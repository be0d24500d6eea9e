import ArgumentParser
import AuthCore
import AuthGate
import AuthHarness
import AuthResults
import AuthStatistics
import AuthVerdict
import Backends
import Dispatch
import Foundation
import Synchronization

/// `authbench gate`: two builds measured side by side, and what follows.
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Tells whether a build authenticates slower than another.",
        usage: """
            authbench gate --base PROGRAM --head PROGRAM [options]
            authbench gate --replay RECORDING [options]
            authbench gate simulate [options]
            """,
        discussion: """
            Exits with 0 when the head is proved not to be slower, 1 for a proved slow-down, 2 for an error or a wrong \
            decision, 3 when neither is proved, 4 when the programs make different traces, 5 when they have no \
            strategy in common. All options: authbench help gate run.
            """,
        subcommands: [GateRunCommand.self, GateSimulateCommand.self], defaultSubcommand: GateRunCommand.self)
}

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

    @Option(parsing: .unconditional, help: "How many sessions each case has.")
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
                throw CommandError.usage("--replay measures nothing: leave --base, --head and --out out")
            }
            return try finish(try GateLines.read(URL(fileURLWithPath: replay)), files: nil)
        }
        let (recording, files) = try measure(try plan())
        try finish(recording, files: files)
    }

    private func measure(_ plan: GatePlan) throws -> (GateRecording, GateFiles?) {
        let (stop, cleanup) = (StopFlag(), Cleanup())
        let interruption = Interruption(stop: stop, cleanup: cleanup)
        defer { interruption.end() }
        let line = GateProgressLine(isQuiet: quiet)
        defer { line.clear() }
        do { return try GateExecution(plan, show: line.show).run(stop, cleanup) } catch {
            // A program that got the same signal from the terminal is gone before we know of it.
            usleep(50_000)
            guard let signal = interruption.signal else { throw error }
            throw CommandError(
                status: ExitStatus.signal(signal),
                message: "stopped by a signal; what was recorded has no end")
        }
    }

    private func plan() throws -> GatePlan {
        if let out { try CommandError.refuseEmpty(out, "--out") }
        guard let base, let head else {
            throw CommandError.usage(
                "name both programs, --base FILE --head FILE, or a recording with --replay FILE")
        }
        let known = GateOperation.all.map(\.name)
        if let unknown = operation.first(where: { !known.contains($0) }) {
            throw CommandError.usage("unknown operation \"\(unknown)\": choose \(GateOperation.names)")
        }
        guard 1...64 ~= clients else { throw CommandError.usage("--clients is \(clients): from 1 to 64") }
        guard clients...100_000 ~= population else {
            throw CommandError.usage("--population is \(population): from one a client to 100000")
        }
        guard (1...86_400).contains(budget) else {
            throw CommandError.usage("--budget is \(budget): from 1 to 86400 seconds")
        }
        return GatePlan(
            base: try program(base, "--base"), head: try program(head, "--head"), strategies: strategy,
            operations: GateOperation.all.filter { operation.isEmpty || operation.contains($0.name) },
            clients: clients,
            population: population, seed: seed ?? UInt64.random(in: 0...UInt64(UInt32.max)), budget_s: budget,
            isFast: fast, countsInstructions: instructions,
            out: out.map { URL(fileURLWithPath: $0, isDirectory: true) })
    }

    private func program(_ path: String, _ option: String) throws -> URL {
        let url = URL(fileURLWithPath: path)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw CommandError.runtime(
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

/// `authbench gate simulate`: how often the gate, and gates as others build them, raise false alarms and miss
/// slow-downs.
struct GateSimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Simulates the gate on noise of known size, and other gates beside it: the operating curve.",
        discussion:
            "The staged rows run the code that decides on measured blocks. The same seed gives the same numbers."
    )

    @Option(parsing: .unconditional, help: "Simulated runs of each row; single cases get ten times as many.")
    var runs = 1000

    @Option(parsing: .unconditional, help: "Decides all draws; 0 or above.")
    var seed: UInt64 = 1

    @Option(parsing: .unconditional, help: "Cases of a run.")
    var cases = 60

    @Option(
        help:
            "Simulate on recorded noise instead: a gate's recording.jsonl, best of a program and its copy; may be given several times."
    )
    var noise: [String] = []

    @Option(help: "What to print on stdout: table or csv.")
    var format = Format.table

    @Option(help: "Write the CSV to this file too, whole or not at all.")
    var out: String?

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, csv }

    func validate() throws {
        guard 1...1_000_000 ~= runs else { throw ValidationError("--runs is \(runs): from 1 to 1000000") }
        guard 1...1000 ~= cases else { throw ValidationError("--cases is \(cases): from 1 to 1000") }
    }

    func run() throws {
        let curve = OperatingCurve(cases: cases, runs: runs)
        let scenarios =
            noise.isEmpty ? curve.perCell + curve.perRun : curve.recorded(try noise.flatMap(series))
        let points = simulate(scenarios)
        let csv = CSV.text(OperatingCurveTable.columns, points)
        if let out { try Console.output(csv, to: out) }
        try Console.output(format == .csv ? csv : OperatingCurveTable.text(points))
    }

    /// All scenarios, each with draws of its own, so that the number of processors changes nothing.
    private func simulate(_ scenarios: [Scenario]) -> [OperatingPoint] {
        let points = Mutex(scenarios.map { _ in OperatingPoint?.none })
        DispatchQueue.concurrentPerform(iterations: scenarios.count) { index in
            var random = RandomSource(seed: seed, stream: UInt64(index))
            let point = scenarios[index].simulate(using: &random)
            points.withLock { $0[index] = point }
        }
        return points.withLock { $0.compactMap(\.self) }
    }

    /// The block log-ratios of a recording in which a program was measured against itself.
    private func series(_ path: String) throws -> [[Double]] {
        let series = GateEvaluation(try GateLines.read(URL(fileURLWithPath: path))).noise
        guard !series.isEmpty else {
            throw CommandError.badData(
                "--noise \(path): no case of it has \(GateEvaluation.leastNoise) blocks")
        }
        return series
    }
}

/// Says how far a gate is: on a terminal in one line that is drawn anew, elsewhere in one line for each stage.
private final class GateProgressLine {
    private let isQuiet: Bool
    private let isTerminal = Console.isErrorTerminal
    private var stage = 0

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    func show(_ progress: GateProgress) {
        switch progress {
        case .doing(let text): draw(text)
        case .block(let block): show(block)
        }
    }

    func clear() { draw("") }

    private func draw(_ text: String) {
        if !isQuiet, isTerminal { Console.overwrite(text) }
    }

    private func show(_ block: GateProgress.Block) {
        let budget_s = Int(block.budgetLeft_s)
        if isTerminal {
            let rest_s = min(
                block.budgetLeft_s, Double(block.block_ns) / 1e9 * Double(block.ofAll - block.number + 1))
            let left = block.block_ns == 0 ? "" : ", about \(Int(rest_s.rounded(.up))) s to its end"
            draw(
                "stage \(block.stage), block \(block.number) of \(block.ofAll), \(block.cases) cases\(left), budget \(budget_s) s"
            )
        } else if block.stage != stage, !isQuiet {
            Console.say(
                "stage \(block.stage): \(block.ofAll) blocks of \(block.cases) cases, \(budget_s) s of the budget left"
            )
        }
        stage = block.stage
    }
}
