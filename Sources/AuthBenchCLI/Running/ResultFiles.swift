import AuthCore
import AuthHarness
import AuthReport
import Backends
import Foundation

/// The result folder of a run, written as the run goes on.
final class ResultFiles {
    let folder: ResultFolder
    private let leftovers: Leftovers
    private var record: RunRecord
    private let floor: String?
    private let isQuiet: Bool
    private var isKept = false
    private let stores: StoreFacts

    /// Makes the folder and writes `run.json`, so that a folder or a disk that takes nothing is noticed at
    /// once.
    init(
        _ plan: RunPlan, _ identity: RunIdentity, _ leftovers: Leftovers, _ stores: StoreFacts,
        withHistograms: Bool = true
    ) throws {
        self.leftovers = leftovers
        (floor, isQuiet) = (plan.floor, plan.isQuiet)
        do {
            folder = try ResultFolder(in: plan.out, identity: identity, withHistograms: withHistograms)
        } catch { throw Self.unusable(plan, error) }
        leftovers.note { [folder] in $0.emptyResult = folder.made }
        self.stores = stores
        record = RunRecord(
            identity: folder.identity, workload: plan.workload, started_at: RunClock.timestamp(),
            command_line: CommandLine.arguments, git_commit: Git.commit(),
            git_dirty: Git.isDirty(), repeats: plan.schedule.repeats.count, warm_up_seconds: plan.warmUp_s,
            duration_seconds: plan.duration_s, operations: plan.extent.operationCount,
            sqlite_synchronous: plan.synchronous.rawValue,
            redis_server: plan.needsRedis ? plan.redis?.url ?? "private" : nil,
            order: plan.schedule.repeats.map { $0.map { plan.strategies[$0].descriptor.id } },
            machine: Machine.facts(), versions: stores.versionRecord, stores: stores.storeRecord)
        do { try folder.write(record) } catch {
            folder.made.removeAll()
            throw Self.unusable(plan, error)
        }
    }

    private static func unusable(_ plan: RunPlan, _ error: any Error) -> Fault {
        var isFolder = false
        if FileStatus.exists(plan.out.path, isFolder: &isFolder), !isFolder {
            return Fault.badData("--out \(plan.out.path) is a file: name a folder")
        }
        return Fault.badData("--out \(plan.out.path) cannot be written: \(error.reason)")
    }

    /// From now on something has been measured, which stays.
    private func keep() {
        isKept = true
        folder.made.keep()
        var interrupted = record
        interrupted.status = .interrupted
        leftovers.note { [folder, interrupted] things in
            things.emptyResult = nil
            things.markInterrupted = { try? folder.write(interrupted) }
        }
    }

    /// Writes what there is after one more measurement.
    func write(_ outcome: Session.Outcome) throws {
        try folder.write(outcome.assessments, bills: outcome.bills, floor: floor)
        keep()
        if outcome.assessments.count == 1 { becomeLatest() }
    }

    /// Writes the exposures measured so far.
    func write(_ exposures: [ExposureAssessment]) throws {
        try folder.write(exposures)
        if !isKept { becomeLatest() }
        keep()
    }

    private func becomeLatest() {
        if let reason = folder.becomeLatest(), !isQuiet {
            Console.say("The newest run is not linked: \(reason)")
        }
    }

    /// Writes how the run ended; a folder without a single measurement goes.
    func finish(_ outcome: inout Session.Outcome) {
        let failure = finish(
            isEmpty: outcome.assessments.isEmpty, failure: outcome.failure, signal: outcome.signal)
        if !outcome.assessments.isEmpty { outcome.folder = folder.url }
        outcome.failure = outcome.failure ?? failure
    }

    /// The same for any kind of outcome.
    ///
    /// - Returns: why the end could not be written, if so.
    func finish(isEmpty: Bool, failure: String?, signal: Int32?) -> String? {
        guard !isEmpty else {
            folder.made.removeAll()
            return nil
        }
        leftovers.note { $0.markInterrupted = nil }
        record.stores = stores.storeRecord
        record.status = failure != nil ? .failed : signal != nil ? .interrupted : .complete
        do { try folder.write(record) } catch {
            return "\(folder.url.path) could not be written: \(error.reason)"
        }
        return nil
    }
}
