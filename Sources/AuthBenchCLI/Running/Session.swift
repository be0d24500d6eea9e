import AuthConformance
import AuthCore
import AuthHarness
import AuthReport
import Backends
import Foundation

/// One `authbench run`, from open stores to a written result folder.
struct Session {
    let plan: RunPlan

    /// What came out, complete or not.
    struct Outcome {
        var assessments: [Assessment] = []
        var bills: [Bill] = []
        var folder: URL?
        var signal: Int32?
        var failure: String?
    }

    init(_ plan: RunPlan) {
        self.plan = plan
    }

    func run() throws -> Outcome {
        let (stop, leftovers) = (StopFlag(), Leftovers())
        let interruption = Interruption(stop: stop, leftovers: leftovers)
        defer { interruption.end() }
        try Resources.require(clients: plan.workload.clients)
        // What is in use or in the way is said before anything takes time.
        let stores = try Stores(plan, leftovers: leftovers)
        let trace = Trace(plan.workload)
        let identity = RunIdentity(
            runID: RunClock.identifier(plan.workload.name), workload: plan.workload.name,
            traceSHA256: trace.sha256())
        let files: ResultFiles
        let observer: Observer
        do {
            observer = try Observer(serverID: stores.serverID)
            files = try ResultFiles(plan, identity, leftovers, stores.facts)
        } catch {
            _ = stores.close(isEmpty: true)
            throw error
        }
        var outcome = measure(trace, stores, files, observer.instruments, stop)
        outcome.signal = interruption.signal
        files.finish(&outcome)
        outcome.failure = outcome.failure ?? stores.close(isEmpty: outcome.assessments.isEmpty)
        return outcome
    }

    private func measure(
        _ trace: Trace, _ stores: Stores, _ files: ResultFiles, _ instruments: Instruments, _ stop: StopFlag
    ) -> Outcome {
        var outcome = Outcome()
        var doing = "nothing"
        let progress = Progress(plan, isShown: !plan.isQuiet && Console.isErrorTerminal)
        defer { progress.clear() }
        var run = Run(
            trace: trace, schedule: plan.schedule, warmUp: plan.warmUp, extent: plan.extent,
            cores: ProcessInfo.processInfo.activeProcessorCount, stop: stop,
            instruments: instruments)
        run.hostile = HostileCorpus()
        do {
            try run.execute(
                plan.strategies, in: stores.environment, loadProgress: { progress.loaded($0) }
            ) { event in
                progress.show(event)
                switch event {
                case .loading(let strategy): doing = "loading \(strategy)"
                case .measuring(let strategy, _): doing = "measuring \(strategy)"
                case .loaded(let bill): outcome.bills.append(bill)
                case .measured(var measurement):
                    if measurement.total.falseRejects > 0 {
                        measurement.storeLoss = stores.loss(of: plan.descriptor(measurement.strategy))
                    }
                    outcome.assessments.append(Assessment(measurement))
                    do { try files.write(outcome) } catch {
                        // What is shown and what is in the files is the same.
                        outcome.assessments.removeLast()
                        throw error
                    }
                }
            }
        } catch is Stopped {
            // Said by the signal that raised the flag.
        } catch let error where error is CocoaError || error is FileError {
            outcome.failure = "\(files.folder.url.path) could not be written: \(error.reason)"
        } catch { outcome.failure = "\(doing): \(error.words)" }
        return outcome
    }
}
