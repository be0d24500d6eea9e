import AuthHarness
import AuthReport
import Backends
import Foundation

/// One gate, from two programs to a finished recording.
struct GateSession {
    let plan: GatePlan

    /// Carries the gate out.
    ///
    /// - Returns: all that was measured.
    /// - Throws: `Fault` when it could not be done, or was stopped by a signal.
    func run() throws -> GateRecording {
        let (stop, leftovers) = (StopFlag(), Leftovers())
        let interruption = Interruption(stop: stop, leftovers: leftovers)
        defer { interruption.end() }
        let progress = GateProgress(plan)
        defer { progress.clear() }
        do { return try measure(stop, leftovers, progress) } catch {
            // A program that got the same signal from the terminal is gone before we know of it.
            usleep(50_000)
            guard let signal = interruption.signal else { throw error }
            throw Fault(
                status: ExitStatus.signal(signal), message: "stopped by a signal; what was recorded has no end")
        }
    }

    private func measure(_ stop: StopFlag, _ leftovers: Leftovers, _ progress: GateProgress) throws -> GateRecording {
        let start_ns = DispatchTime.now().uptimeNanoseconds
        var elapsed_ns: UInt64 { DispatchTime.now().uptimeNanoseconds - start_ns }
        progress.show("checking both programs")
        let preflight = try GatePreflight(plan, leftovers)
        let scene = preflight.scene
        defer { scene.clear() }
        let counter = plan.countsInstructions ? try InstructionCallgrind(folder: scene.folderForCounting()) : nil
        let journal = try GateJournal(
            try preflight.header(), file: plan.out?.appendingPathComponent("recording.jsonl"))
        var runner = GateBlockRunner(plan, journal.recording.header.cells, scene, stop: stop)
        var wanted = Set(journal.recording.header.cells.indices)
        var (reason, number, block_ns) = (GateEnd.Reason.decided, 0, UInt64(0))
        stages: for stage in 1...plan.rules.blocks.count {
            if stage > 1 { wanted = GateEvaluation(journal.recording).cells(wanting: stage) }
            if wanted.isEmpty { break }
            var kept = 0
            while kept < plan.rules.blocks[stage - 1] {
                // A block that would end after the budget is not begun.
                guard Double(elapsed_ns + block_ns) < plan.budget_s * 1e9 else {
                    reason = .budget
                    break stages
                }
                progress.show(stage: stage, kept: kept, cells: wanted.count, elapsed_ns: elapsed_ns, block_ns: block_ns)
                number += 1
                let begun_ns = elapsed_ns
                let lines = try runner.run(number, stage: stage, wanted: wanted)
                block_ns = elapsed_ns - begun_ns
                try journal.add(lines)
                if lines.last?.block?.dropped == nil { kept += 1 }
                if journal.recording.isDisturbed {
                    reason = .disturbed
                    break stages
                }
            }
        }
        if let counter {
            let strategies = Set(journal.recording.header.cells.map(\.strategy))
            let counts = try InstructionLane(counter: counter, strategies: strategies).measure(
                base: plan.base, head: plan.head
            ) { progress.show("counting instructions of \($0)") }
            try journal.add(counts.map { GateLine(instructions: $0) })
        }
        try journal.end(reason, wall_ns: elapsed_ns)
        return journal.recording
    }
}
