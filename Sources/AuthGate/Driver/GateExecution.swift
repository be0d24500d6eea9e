import AuthHarness
import AuthStatistics
import Backends
import Dispatch
import Foundation

/// One gate, from two programs to a finished recording.
package struct GateExecution {
    private let plan: GatePlan
    private let show: (GateProgress) -> Void

    /// - Parameters:
    ///   - plan: what to do.
    ///   - show: is told how far it is.
    package init(_ plan: GatePlan, show: @escaping (GateProgress) -> Void) {
        (self.plan, self.show) = (plan, show)
    }

    /// Carries the gate out.
    ///
    /// - Parameters:
    ///   - stop: ends it early when it is raised.
    ///   - cleanup: takes down what is made outside the result.
    /// - Returns: all that was measured, and the files for it, still held.
    /// - Throws: `GateError` when it could not be done, `UnknownStrategyError`, or `StoppedError`.
    package func run(_ stop: StopFlag, _ cleanup: Cleanup) throws -> (GateRecording, GateFiles?) {
        let files = try plan.out.map { try GateFiles($0) }
        cleanup.note { $0.emptyResult = files?.made }
        do { return (try measure(stop, cleanup, files), files) } catch {
            files?.made.removeAll()
            throw error
        }
    }

    private func measure(
        _ stop: StopFlag, _ cleanup: Cleanup, _ files: GateFiles?
    ) throws -> GateRecording {
        show(.doing("checking both programs"))
        let preflight = try GatePreflight(plan, cleanup)
        let sandbox = preflight.sandbox
        defer { sandbox.clear() }
        let counter =
            plan.countsInstructions ? try Callgrind(folder: sandbox.folderForCounting()) : nil
        let journal = try GateJournal(try preflight.header(), files: files)
        let runner = GateBlockRunner(plan, journal.recording.header.cases, sandbox, stop: stop)
        var stages = GateStages(plan, journal, runner, show: show)
        let reason = try stages.run()
        if let counter { try count(with: counter, journal) }
        try journal.end(reason, wall_ns: stages.elapsed_ns)
        return journal.recording
    }

    /// The count of instructions, after all that is timed.
    private func count(
        with counter: some InstructionCounter, _ journal: GateJournal
    ) throws {
        // Without a choice all cases are counted, the claims reader among them, which is no strategy.
        let strategies = plan.strategies.isEmpty ? [] : Set(journal.recording.header.cases.map(\.strategy))
        let counts = try InstructionCounts(counter: counter, strategies: strategies).measure(
            base: plan.base, head: plan.head
        ) { show(.doing("counting instructions of \($0)")) }
        try journal.add(counts.map { GateLine(instructions: $0) })
    }
}

/// Goes through the stages, each with the cases that the one before left open, until nothing is open or time is up.
struct GateStages {
    private let plan: GatePlan
    private let journal: GateJournal
    private let show: (GateProgress) -> Void
    private var runner: GateBlockRunner
    private let start_ns = DispatchTime.now().uptimeNanoseconds
    /// How long the last block took.
    private var block_ns: UInt64 = 0
    private var block = 0

    init(
        _ plan: GatePlan, _ journal: GateJournal, _ runner: GateBlockRunner,
        show: @escaping (GateProgress) -> Void
    ) {
        self.plan = plan
        self.journal = journal
        self.runner = runner
        self.show = show
    }

    var elapsed_ns: UInt64 { DispatchTime.now().uptimeNanoseconds - start_ns }

    /// - Returns: why it ended.
    /// - Throws: `GateError` for a program that fails, `StoppedError` when the stop flag is raised.
    mutating func run() throws -> GateEnd.Reason {
        for stage in 1...plan.rules.blocks.count {
            let wanted =
                stage == 1
                ? Set(journal.recording.header.cases.indices)
                : GateEvaluation(journal.recording).cases(wanting: stage)
            if wanted.isEmpty { break }
            if let reason = try run(stage, wanted) { return reason }
        }
        return .decided
    }

    /// - Returns: why the stage could not be finished, if so.
    private mutating func run(_ stage: Int, _ wanted: Set<Int>) throws -> GateEnd.Reason? {
        var kept = 0
        while kept < plan.rules.blocks[stage - 1] {
            // A block that would end after the budget is not begun.
            guard Double(elapsed_ns + block_ns) < plan.budget_s * 1e9 else { return .budget }
            show(
                .block(
                    GateProgress.Block(
                        stage: stage, number: kept + 1, ofAll: plan.rules.blocks[stage - 1],
                        cases: wanted.count, block_ns: block_ns,
                        budgetLeft_s: max(0, plan.budget_s - Double(elapsed_ns) / 1e9))))
            let begun_ns = elapsed_ns
            block += 1
            let lines = try runner.run(block, stage: stage, wanted: wanted)
            block_ns = elapsed_ns - begun_ns
            try journal.add(lines)
            if lines.last?.block?.dropped == nil { kept += 1 }
            if journal.recording.isDisturbed { return .disturbed }
        }
        return nil
    }
}

/// What a gate will do, all options checked.
package struct GatePlan {
    package var base: URL
    package var head: URL
    /// Beginnings of names; all but the baseline when empty.
    package var strategies: [String]
    package var operations: [GateOperation]
    /// Of the cases that have several.
    package var clients: Int
    package var population: Int
    package var seed: UInt64
    package var budget_s: Double
    /// Half the slices.
    package var isFast: Bool
    package var countsInstructions: Bool
    package var rules = StagedTest.Rules()
    /// Whose servers are compared, by this program on both sides; `nil` where the programs are.
    package var target: GateTarget?
    /// How far away networked stores are; `nil` where they are asked directly.
    package var distance: GateDistance?
    /// Where the recording and the reports go; `nil` for nowhere.
    package var out: URL?

    package init(
        base: URL, head: URL, strategies: [String], operations: [GateOperation], clients: Int,
        population: Int,
        seed: UInt64, budget_s: Double, isFast: Bool, countsInstructions: Bool, out: URL?
    ) {
        (self.base, self.head, self.out) = (base, head, out)
        (self.strategies, self.operations) = (strategies, operations)
        (self.clients, self.population, self.seed) = (clients, population, seed)
        (self.budget_s, self.isFast, self.countsInstructions) = (budget_s, isFast, countsInstructions)
    }

    /// The program of a side, and how messages call it.
    func program(_ role: GateRole) -> (url: URL, name: String) {
        let url = role == .base ? base : head
        return (url, target?.name(role) ?? "\(role.rawValue) (\(url.path))")
    }
}

/// How far a gate is.
package enum GateProgress: Sendable {
    case doing(String)
    case block(Block)

    /// A block that is about to begin.
    package struct Block: Sendable {
        /// From 1.
        package var stage: Int
        /// Among those of its stage that count, from 1.
        package var number: Int
        package var ofAll: Int
        /// How many cases are measured in it.
        package var cases: Int
        /// How long the last block took; 0 before the first.
        package var block_ns: UInt64
        package var budgetLeft_s: Double
    }
}
