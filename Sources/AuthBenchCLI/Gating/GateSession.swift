import AuthHarness
import AuthReport
import Backends
import Foundation

/// One gate, from two programs to a finished recording.
struct GateSession {
    let plan: GatePlan

    /// Carries the gate out.
    ///
    /// - Returns: all that was measured, and the files for it, still held.
    /// - Throws: `Fault` when it could not be done, or was stopped by a signal.
    func run() throws -> (GateRecording, GateFiles?) {
        let (stop, leftovers) = (StopFlag(), Leftovers())
        let interruption = Interruption(stop: stop, leftovers: leftovers)
        defer { interruption.end() }
        let files = try plan.out.map { try GateFiles($0) }
        leftovers.note { $0.emptyResult = files?.made }
        let progress = GateProgress(plan)
        defer { progress.clear() }
        do { return (try measure(stop, leftovers, files, progress), files) } catch {
            files?.made.removeAll()
            // A program that got the same signal from the terminal is gone before we know of it.
            usleep(50_000)
            guard let signal = interruption.signal else { throw error }
            throw Fault(
                status: ExitStatus.signal(signal),
                message: "stopped by a signal; what was recorded has no end")
        }
    }

    private func measure(
        _ stop: StopFlag, _ leftovers: Leftovers, _ files: GateFiles?, _ progress: GateProgress
    ) throws -> GateRecording {
        progress.show("checking both programs")
        let preflight = try GatePreflight(plan, leftovers)
        let scene = preflight.scene
        defer { scene.clear() }
        let counter =
            plan.countsInstructions ? try InstructionCallgrind(folder: scene.folderForCounting()) : nil
        let journal = try GateJournal(try preflight.header(), files: files)
        let runner = GateBlockRunner(plan, journal.recording.header.cells, scene, stop: stop)
        var stages = GateStages(plan, journal, progress, runner)
        let reason = try stages.run()
        if let counter { try count(with: counter, journal, progress) }
        try journal.end(reason, wall_ns: stages.elapsed_ns)
        return journal.recording
    }

    /// The lane of instructions, after all that is timed.
    private func count(
        with counter: some InstructionCounter, _ journal: GateJournal, _ progress: GateProgress
    ) throws {
        // Without a choice all cells are counted, the claims reader among them, which is no strategy.
        let strategies = plan.strategies.isEmpty ? [] : Set(journal.recording.header.cells.map(\.strategy))
        let counts = try InstructionLane(counter: counter, strategies: strategies).measure(
            base: plan.base, head: plan.head
        ) { progress.show("counting instructions of \($0)") }
        try journal.add(counts.map { GateLine(instructions: $0) })
    }
}
