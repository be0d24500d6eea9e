import AuthCore
import AuthHarness
import AuthResults
import Backends
import Foundation

/// Carries out one `authbench logout-everywhere`, from open stores to a written result folder.
struct LogoutEverywhereExecution {
    let plan: RunPlan
    let logouts: LogoutEverywherePlan

    /// The turns, complete or not, in the order of the registry.
    struct Outcome: MeasuringOutcome {
        /// The identity that the files have.
        let identity: RunIdentity
        var turns: [LogoutEverywhereAssessment] = []
        var isEmpty: Bool { turns.isEmpty }
        var folder: URL?
        var signal: Int32?
        var failure: String?
    }

    func run() throws -> Outcome {
        try plan.carryOut {
            let trace = Trace(plan.workload)
            var identity = plan.identity(of: trace)
            // Rows of other logouts are not to be compared, whatever the others' requests were.
            identity.traceSHA256 = SHA256.hexadecimal { take in
                trace.forEachChunk { take($0) }
                take(logouts.canonicalBytes)
            }
            return (identity, trace)
        } measure: { trace, stores, files, instruments, stop in
            measure(trace, stores, files, instruments, stop)
        }
    }

    private func measure(
        _ trace: Trace, _ stores: Stores, _ files: ResultFiles, _ instruments: Instruments, _ stop: StopFlag
    ) -> Outcome {
        var outcome = Outcome(identity: files.folder.identity)
        var doing = "nothing"
        let isShown = !plan.isQuiet && Console.isErrorTerminal
        defer { if isShown { Console.overwrite("") } }
        let run = LogoutEverywhereRun(
            plan: logouts, trace: trace, cores: ProcessInfo.processInfo.activeProcessorCount,
            instruments: instruments, stop: stop)
        do {
            for (number, order) in plan.schedule.repeats.enumerated() {
                for (place, index) in order.enumerated() {
                    let strategy = plan.strategies[index]
                    doing = "measuring \(strategy.descriptor.id)"
                    if isShown {
                        let (done, all) = (
                            number * order.count + place, plan.schedule.repeats.count * order.count
                        )
                        let text = "\(doing), \(done + 1) of \(all)"
                        Console.overwrite(
                            Progress.bar(done: done, of: all, columns: Console.errorColumns - text.count - 1)
                                + text)
                    }
                    let before = outcome.turns
                    outcome.turns += try run.measure(
                        strategy, in: stores.environment, repeatIndex: number + 1
                    ).map { assessment($0, stores.loss(of: strategy.descriptor)) }
                    outcome.turns.sort { rank($0.measurement) < rank($1.measurement) }
                    for server in stores.servers { try server.relay?.check() }
                    do { try files.write(outcome.turns) } catch {
                        outcome.turns = before
                        throw error
                    }
                }
            }
        } catch { outcome.failure = files.failure(of: stores.cause(of: error), doing: doing) }
        return outcome
    }

    private func assessment(
        _ measurement: LogoutEverywhereMeasurement, _ loss: @autoclosure () -> String?
    ) -> LogoutEverywhereAssessment {
        var measurement = measurement
        if measurement.requests?.total.falseRejects ?? 0 > 0 { measurement.requests?.storeLoss = loss() }
        return LogoutEverywhereAssessment(measurement)
    }

    /// The place of a row: strategies as in the registry, then as the sessions were given.
    private func rank(_ one: LogoutEverywhereMeasurement) -> [Int] {
        [
            plan.strategies.firstIndex { $0.descriptor.id == one.strategy } ?? 0,
            logouts.sessions.firstIndex(of: one.sessions) ?? -1, one.repeatIndex,
        ]
    }
}

extension Array<Int> {
    fileprivate static func < (left: Self, right: Self) -> Bool { left.lexicographicallyPrecedes(right) }
}

extension LogoutEverywhereExecution.Outcome {
    /// Turns what went wrong into the exit status, the gravest first, after everything has been shown.
    func check() throws {
        func first(_ kinds: Set<Invalidity.Kind>) -> String? {
            turns.lazy.compactMap { turn in
                turn.faults.first { kinds.contains($0.kind) }.map { fault in
                    let one = turn.measurement
                    return
                        "\(one.strategy), \(one.sessions) sessions, repeat \(one.repeatIndex): \(fault.reason)"
                }
            }.first
        }
        if let wrong = first([.wrongDecision]) {
            if let failure { Console.complain(failure) }
            throw CommandError(status: ExitStatus.negative, message: "wrong decisions: \(wrong)")
        }
        if let failure { throw CommandError.runtime(failure) }
        if let failing = first([.error]) { throw CommandError.runtime(failing) }
        if let signal { throw CommandError.stopped(by: signal, in: folder) }
        if let reason = first([.nothingMeasured, .disturbed]) {
            throw CommandError(status: ExitStatus.notValid, message: "not valid: \(reason)")
        }
    }
}
