import AuthConformance
import AuthCore
import AuthHarness
import AuthResults
import Backends
import Foundation

/// Carries out one `authbench run`, from open stores to a written result folder.
struct Execution {
    let plan: RunPlan

    init(_ plan: RunPlan) {
        self.plan = plan
    }

    func run() throws -> RunOutcome {
        try plan.carryOut {
            let trace = Trace(plan.workload)
            return (plan.identity(of: trace), trace)
        } measure: { trace, stores, files, instruments, stop in
            measure(trace, stores, files, instruments, stop)
        }
    }

    private func measure(
        _ whole: Trace, _ stores: Stores, _ files: ResultFiles, _ instruments: Instruments, _ stop: StopFlag
    ) -> RunOutcome {
        var outcome = RunOutcome()
        var doing = "nothing"
        let progress = Progress(plan, isShown: !plan.isQuiet && Console.isErrorTerminal)
        defer { progress.clear() }
        var (trace, extent, instruments, meeting) = (whole, plan.extent, instruments, ShardMeeting?.none)
        if let shard = plan.shard {
            (trace, extent) = (whole.part(of: shard.shard), extent.part(of: shard.shard, in: whole))
            do {
                meeting = try ShardMeeting(
                    shard, of: plan, traceSHA256: files.folder.identity.traceSHA256, stop: stop)
            } catch {
                outcome.note(error, files.failure(of: error, doing: "--rendezvous"))
                return outcome
            }
            files.note(shard.shard, clients: trace.clientCount, run: meeting?.id)
            instruments.unix_ns = DayClock.unix_ns
            instruments.together = meeting?.together
        }
        var run = Run(
            trace: trace, schedule: plan.schedule, warmUp: plan.warmUp, extent: extent,
            cores: ProcessInfo.processInfo.activeProcessorCount, stop: stop,
            instruments: instruments)
        // A line with a line end in it would be two on the way to a server: there, bent credentials are sent.
        if !plan.asksTargets { run.hostile = HostileCorpus() }
        do {
            try run.execute(
                plan.strategies, in: stores.environment, loadProgress: { progress.loaded($0) }
            ) { event in
                progress.show(event)
                switch event {
                case .loading(let strategy): doing = "loading \(strategy)"
                case .measuring(let strategy, let repeatIndex):
                    doing = "measuring \(strategy)"
                    meeting?.announce(strategy, repeatIndex: repeatIndex)
                case .loaded(var costReport):
                    // Others fill the store meanwhile, so what it grew by is not this shard's.
                    if let shard = plan.shard?.shard, shard.count > 1 { costReport.growth = nil }
                    outcome.costReports.append(costReport)
                case .measured(var measurement):
                    for server in stores.servers { try server.relay?.check() }
                    if measurement.total.falseRejects > 0 {
                        measurement.storeLoss = stores.loss(of: plan.descriptor(measurement.strategy))
                    }
                    outcome.assessments.append(Assessment(measurement))
                    do { try files.write(outcome) } catch {
                        // The table must show what the files have.
                        outcome.assessments.removeLast()
                        throw error
                    }
                }
            }
        } catch {
            let cause: any Error = meeting?.loss(behind: error) ?? stores.cause(of: error)
            outcome.note(cause, files.failure(of: cause, doing: doing))
            meeting?.end(outcome.failure ?? "stopped by a signal")
        }
        meeting?.end(nil)
        return outcome
    }
}

extension RunOutcome: MeasuringOutcome {
    var isEmpty: Bool { assessments.isEmpty }

    /// Notes why the run ended early.
    fileprivate mutating func note(_ error: any Error, _ failure: String?) {
        guard let error = error as? RendezvousError else {
            self.failure = failure
            return
        }
        guard error.kind != .stopped else { return }
        (self.failure, failureStatus) = (error.description, error.status)
    }

    /// One line for each strategy.
    func lines(_ plan: RunPlan) -> [Summary] {
        Summary.lines(
            assessments, costReports: costReports, strategies: plan.strategies.map { $0.descriptor.id },
            baseline: plan.baseline)
    }

    /// Whether nothing further should be measured after this.
    var isBroken: Bool { signal != nil || failure != nil }

    /// Remarks about valid rows, one for each strategy at most.
    var remarks: [String] {
        var seen: Set<String> = []
        return assessments.map(\.measurement).filter {
            $0.helperThreads != nil && seen.insert($0.strategy).inserted
        }
        .compactMap(\.helperThreads)
    }

    /// Turns what went wrong into the exit status, after everything has been shown.
    ///
    /// A wrong decision outweighs everything else. A failure that ended the run early outweighs a measurement that
    /// cannot be used.
    func check(_ lines: [Summary]) throws {
        func faults(_ kind: Invalidity.Kind) -> String? {
            let all = lines.flatMap { line in
                line.invalid.filter { $0.fault.kind == kind }.map { one in
                    "\(line.name), repeat \(one.repeatIndex): \(one.fault.reason)"
                }
            }
            guard let first = all.first else { return nil }
            return all.count == 1 ? first : "\(first); and \(all.count - 1) more"
        }
        if let wrong = faults(.wrongDecision) {
            if let failure { Console.complain(failure) }
            throw CommandError(
                status: ExitStatus.negative, message: "wrong decisions: do not use these numbers: \(wrong)")
        }
        if let failure {
            throw CommandError(status: failureStatus ?? ExitStatus.runtime, message: failure)
        }
        if let signal { throw CommandError.stopped(by: signal, in: folder) }
        if let failing = faults(.error) { throw CommandError.runtime(failing) }
        if let empty = faults(.nothingMeasured) {
            throw CommandError(
                status: ExitStatus.nothingMeasured, message: "\(empty): measure longer (--duration)")
        }
        if let disturbed = faults(.disturbed) {
            throw CommandError(
                status: ExitStatus.notValid, message: "not valid: \(disturbed): do not use these numbers")
        }
    }
}
