import AuthConformance
import AuthCore
import AuthHarness
import AuthResults
import Backends
import Foundation

/// Carries out one `authbench exposure`, from open stores to a written result folder.
struct ExposureExecution {
    let plan: RunPlan
    private let identity: RunIdentity
    private let revocations: RevocationPlan

    /// The exposures, complete or not, in the order of the registry.
    struct Outcome: MeasuringOutcome {
        /// The identity that the files have.
        let identity: RunIdentity
        var exposures: [ExposureAssessment] = []
        var isEmpty: Bool { exposures.isEmpty }
        var folder: URL?
        var signal: Int32?
        var failure: String?
    }

    init(_ plan: RunPlan, credentials: Int) throws {
        self.plan = plan
        revocations = RevocationPlan(credentials: credentials, seed: plan.workload.seed)
        identity = RunIdentity(
            runID: RunClock.identifier("exposure-\(plan.workload.name)"), workload: plan.workload.name,
            traceSHA256: revocations.sha256(plan.workload.policy, storeRTT: plan.workload.storeRTT))
    }

    func run() throws -> Outcome {
        try plan.carryOut {
            (identity, ())
        } measure: { _, stores, files, instruments, stop in
            measure(stores, files, instruments, stop)
        }
    }

    private func measure(
        _ stores: Stores, _ files: ResultFiles, _ instruments: Instruments, _ stop: StopFlag
    ) -> Outcome {
        var outcome = Outcome(identity: files.folder.identity)
        var doing = "nothing"
        let run = ExposureRun(
            plan: revocations, policy: plan.workload.policy, clients: plan.workload.clients,
            duration_ns: plan.extent.duration_ns ?? 0,
            instruments: instruments, stop: stop)
        let isShown = !plan.isQuiet && Console.isErrorTerminal
        defer { if isShown { Console.overwrite("") } }
        do {
            for (place, index) in plan.schedule.repeats.joined().enumerated() {
                let strategy = plan.strategies[index]
                doing = "measuring \(strategy.descriptor.id)"
                if isShown {
                    let number = "strategy \(place + 1) of \(plan.strategies.count)"
                    Console.overwrite("\(doing) for \(plan.duration_s ?? 0) s, \(number)")
                }
                let before = outcome.exposures
                let loss = { stores.loss(of: strategy.descriptor) }
                outcome.exposures += try run.measure(strategy, in: stores.environment).map {
                    var measurement = $0
                    if measurement.wrong > 0 { measurement.storeLoss = loss() }
                    return ExposureAssessment(measurement)
                }
                outcome.exposures.sort { rank($0) < rank($1) }
                do { try files.write(outcome.exposures) } catch {
                    outcome.exposures = before
                    throw error
                }
            }
        } catch { outcome.failure = files.failure(of: stores.cause(of: error), doing: doing) }
        return outcome
    }

    /// The place of a row in the table: logouts first, then permission changes, each in the registry's order.
    private func rank(_ exposure: ExposureAssessment) -> Int {
        let ids = plan.strategies.map { $0.descriptor.id }
        let kind = Revocation.allCases.firstIndex(of: exposure.measurement.revocation) ?? 0
        return kind * ids.count + (ids.firstIndex(of: exposure.measurement.strategy) ?? 0)
    }
}

extension ExposureExecution.Outcome {
    /// Turns what went wrong into the exit status, the gravest first, after everything has been shown.
    func check() throws {
        func first(_ fault: (ExposureAssessment) -> String?) -> String? {
            exposures.compactMap { row in fault(row).map { "\(row.measurement.strategy): \($0)" } }.first
        }
        if let wrong = first(\.measurement.wrongDecisions) {
            if let failure { Console.complain(failure) }
            throw CommandError(status: ExitStatus.negative, message: "wrong decisions: \(wrong)")
        }
        if let failure { throw CommandError.runtime(failure) }
        if let failing = first({
            $0.measurement.errors.count > 0 || $0.measurement.storeLoss != nil ? $0.inconclusive : nil
        }) {
            throw CommandError.runtime(failing)
        }
        if let signal { throw CommandError.stopped(by: signal, in: folder) }
        if let reason = first(\.inconclusive) {
            throw CommandError(status: ExitStatus.notValid, message: "the exposure cannot be told: \(reason)")
        }
        if let unlike = first({
            $0.matchesTheory == false
                ? "the exposures are not as theory says: look at the rows with \"no\"" : nil
        }) {
            throw CommandError(status: ExitStatus.notValid, message: unlike)
        }
    }
}

extension ExposureMeasurement {
    fileprivate var wrongDecisions: String? {
        if falseAccepts > 0 {
            return
                "\(falseAccepts) requests were accepted after \(revocation.rawValue), which it promises to refuse"
        }
        return wrong > 0 && storeLoss == nil
            ? "\(wrong) good credentials were refused, or accepted as somebody else" : nil
    }
}
