import ArgumentParser
import AuthCore
import AuthGate
import AuthHarness
import Backends
import Foundation

/// `authbench gate` measures two builds in turns and decides whether the new one is slower.
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Decides whether a new build authenticates slower than the old one.",
        usage: """
            authbench gate --base PROGRAM --head PROGRAM [options]
            authbench gate --base COMMAND --head COMMAND --target ADDRESS [options]
            authbench gate --replay RECORDING [options]
            authbench gate simulate [options]
            """,
        discussion: """
            Both programs stay in memory and do short pieces of the same work in turns. So whatever else happens on \
            the machine slows down both. With --target, two versions of a server in any language are started and \
            asked over HTTP.

            The exit status is 0 when the new build is proved not to be slower, 1 when a slow-down is proved, 2 for \
            an error or a wrong decision, 3 when neither is proved, 4 when the programs make different requests, \
            and 5 when they have no strategy in common. For all options: authbench help gate run.

            EXAMPLES:
              authbench gate --base old/authbench --head new/authbench
              authbench gate --base ./old --head ./new --target http://127.0.0.1:{{port}}
              authbench gate --replay gate-results/recording.jsonl
            """,
        subcommands: [GateRunCommand.self, GateSimulateCommand.self], defaultSubcommand: GateRunCommand.self)
}

/// `authbench gate --base … --head …` drives both programs in turns and gives a verdict.
struct GateRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Measures two builds in turns, or judges an earlier recording again.",
        discussion: """
            EXAMPLES:
              authbench gate run --base old/authbench --head new/authbench --fast
              authbench gate --base old/app --head new/app --out gate-results
            """)

    @Option(
        help: ArgumentHelp(
            "The program before the change; with --target, the command that starts the server.",
            valueName: "program"))
    var base: String?

    @Option(
        help: ArgumentHelp(
            "The same with the change, which is judged.", valueName: "program"))
    var head: String?

    @OptionGroup var server: GateTargetOptions

    @Option(
        help: ArgumentHelp(
            "Judges this recording.jsonl of an earlier gate again, and measures nothing.", valueName: "file"))
    var replay: String?

    @Option(
        help: ArgumentHelp(
            "A strategy to compare: its name, or the beginning of it. Repeat the option for several (default: all).",
            valueName: "name"))
    var strategy: [String] = []

    @Option(
        help: ArgumentHelp(
            "An operation to compare: \(GateOperation.names). Repeat the option for several (default: all).",
            valueName: "name"))
    var operation: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many clients the parallel operations have; 1 leaves these operations out.",
            valueName: "count"))
    var clients = 4

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many sessions each comparison has (default: 128; 16 with --target, where each takes a request in each block).",
            valueName: "count"))
    var population: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Decides the requests and the order of all measurements (default: a random number).",
            valueName: "number"))
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The gate begins no new block after this time.", valueName: "seconds"))
    var budget = 300.0

    @Flag(help: "Measures half as much in each block: faster, but small slow-downs are harder to prove.")
    var fast = false

    @Flag(
        help:
            "Counts instructions as well, with Valgrind. This finds 1 % more work in code that asks no store."
    )
    var instructions = false

    @OptionGroup var distance: DistanceOptions

    @Option(
        help: ArgumentHelp(
            "Writes the recording and the reports to this folder, and makes it if it is missing.",
            valueName: "folder"))
    var out: String?

    @OptionGroup var verdict: VerdictOptions

    @Flag(name: .shortAndLong, help: "Prints only errors on stderr: no progress and no remarks.")
    var quiet = false

    func run() throws {
        if let replay {
            guard base == nil, head == nil, out == nil, distance.storeRtt == nil, server.target == nil else {
                throw CommandError.usage(
                    "--replay measures nothing: remove --base, --head, --target, --out and --store-rtt")
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
            // The terminal sends the signal to the programs too; one may be gone before this process learns of it.
            usleep(50_000)
            guard let signal = interruption.signal else { throw error }
            throw CommandError(
                status: ExitStatus.signal(signal),
                message: "stopped by a signal; the recording is not complete and cannot be replayed")
        }
    }

    private func plan() throws -> GatePlan {
        if let out { try CommandError.refuseEmpty(out, "--out") }
        guard let base, let head else {
            throw CommandError.usage(
                "name both programs with --base FILE --head FILE, or a recording with --replay FILE")
        }
        let known = GateOperation.all.map(\.name)
        if let unknown = operation.first(where: { !known.contains($0) }) {
            throw CommandError.usage("unknown operation \"\(unknown)\": choose \(GateOperation.names)")
        }
        let target = try server.resolved(base: base, head: head)
        guard target == nil || (strategy.isEmpty && !instructions && distance.storeRtt == nil) else {
            throw CommandError.usage(
                "--strategy, --instructions and --store-rtt are for programs: leave them out with --target")
        }
        let population = population ?? (target == nil ? 128 : 16)
        try checkSizes(population)
        var plan = GatePlan(
            base: try program(base, "--base", target), head: try program(head, "--head", target),
            strategies: target.map { [$0.name] } ?? strategy,
            operations: GateOperation.all.filter { operation.isEmpty || operation.contains($0.name) },
            clients: clients,
            population: population, seed: seed ?? UInt64.random(in: 0...UInt64(UInt32.max)), budget_s: budget,
            isFast: fast, countsInstructions: instructions,
            out: out.map { URL(fileURLWithPath: $0, isDirectory: true) })
        plan.distance = try distance.distance().map(relayed)
        plan.target = target
        return plan
    }

    private func checkSizes(_ population: Int) throws(CommandError) {
        guard 1...64 ~= clients else { throw .usage("--clients is \(clients): give 1 to 64") }
        guard clients...100_000 ~= population else {
            throw .usage(
                "--population is \(population): give \(clients) to 100000, at least one session for each client"
            )
        }
        guard (1...86_400).contains(budget) else {
            throw .usage("--budget is \(budget): give 1 to 86400 seconds")
        }
    }

    private func relayed(_ asked: StoreRTT) -> GateDistance {
        GateDistance(asked: asked) { store, folder in
            switch store {
            case .redis(let endpoint): try StoreRelay(asked, toRedis: endpoint, in: folder)
            case .postgres(let endpoint): try StoreRelay(asked, toPostgreSQL: endpoint, in: folder)
            case .authority(let address): try StoreRelay(asked, toAuthority: address)
            }
        }
    }

    /// The program of a side: this one where servers are compared.
    private func program(_ path: String, _ option: String, _ target: GateTarget?) throws -> URL {
        if target != nil { return PrivateAuthorityServer.thisProgram }
        let url = URL(fileURLWithPath: path)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw CommandError.runtime(
                "\(option) \(path) cannot be started as a program: name a built authbench")
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

extension StoreRelay: GateRelay {}

/// Shows how far a gate is: on a terminal in one line that is drawn again, elsewhere in one line for each stage.
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
            let left = block.block_ns == 0 ? "" : ", about \(Int(rest_s.rounded(.up))) s left"
            draw(
                "stage \(block.stage), block \(block.number) of \(block.ofAll), \(block.cases) cases\(left), at most \(budget_s) s"
            )
        } else if block.stage != stage, !isQuiet {
            Console.say(
                "stage \(block.stage): measuring \(block.cases) cases in \(block.ofAll) blocks, at most \(budget_s) s"
            )
        }
        stage = block.stage
    }
}
