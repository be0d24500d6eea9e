import AuthReport
import Dispatch

/// Goes through the stages, each with the cells that the one before left open, until nothing is open or time is up.
struct GateStages {
    private let plan: GatePlan
    private let journal: GateJournal
    private let progress: GateProgress
    private var runner: GateBlockRunner
    private let start_ns = DispatchTime.now().uptimeNanoseconds
    /// How long the last block took.
    private var block_ns: UInt64 = 0
    private var block = 0

    init(_ plan: GatePlan, _ journal: GateJournal, _ progress: GateProgress, _ runner: GateBlockRunner) {
        self.plan = plan
        self.journal = journal
        self.progress = progress
        self.runner = runner
    }

    var elapsed_ns: UInt64 { DispatchTime.now().uptimeNanoseconds - start_ns }

    /// - Returns: why it ended.
    /// - Throws: `Fault` for a program that fails, `Stopped` when the stop flag is raised.
    mutating func run() throws -> GateEnd.Reason {
        for stage in 1...plan.rules.blocks.count {
            let wanted =
                stage == 1
                ? Set(journal.recording.header.cells.indices)
                : GateEvaluation(journal.recording).cells(wanting: stage)
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
            progress.show(
                stage: stage, kept: kept, cells: wanted.count, elapsed_ns: elapsed_ns, block_ns: block_ns)
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
