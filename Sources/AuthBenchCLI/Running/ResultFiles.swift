import AuthResults
import Backends
import Foundation

/// The result folder of a run, written as the run goes on.
final class ResultFiles {
    let folder: ResultFolder
    private let cleanup: Cleanup
    private var record: RunRecord
    private let baseline: String?
    private let isQuiet: Bool
    private var isKept = false
    private let stores: StoreFacts

    /// Makes the folder and writes `run.json`, so that a folder or a disk that takes nothing is noticed at
    /// once.
    init(
        _ plan: RunPlan, _ identity: RunIdentity, _ cleanup: Cleanup, _ stores: StoreFacts
    ) throws {
        self.cleanup = cleanup
        (baseline, isQuiet) = (plan.baseline, plan.isQuiet)
        do {
            folder = try ResultFolder(in: plan.out, identity: identity)
        } catch { throw Self.unusable(plan, error) }
        cleanup.note { [folder] in $0.emptyResult = folder.made }
        self.stores = stores
        record = RunRecord(
            identity: folder.identity, workload: plan.workload, started_at: RunClock.timestamp(),
            command_line: CommandLine.arguments, git_commit: Git.commit(),
            git_dirty: Git.isDirty(), repeats: plan.schedule.repeats.count, warm_up_seconds: plan.warmUp_s,
            duration_seconds: plan.duration_s, operations: plan.extent.operationCount,
            sqlite_synchronous: plan.synchronous.rawValue,
            redis_server: plan.needsRedis ? plan.redis?.url ?? "private" : nil,
            order: plan.schedule.repeats.map { $0.map { plan.strategies[$0].descriptor.id } },
            machine: MachineRecord.current(), versions: stores.versionRecord, stores: stores.storeRecord)
        do { try folder.write(record) } catch {
            folder.made.removeAll()
            throw Self.unusable(plan, error)
        }
    }

    private static func unusable(_ plan: RunPlan, _ error: any Error) -> CommandError {
        var isFolder = false
        if FileStatus.exists(plan.out.path, isFolder: &isFolder), !isFolder {
            return CommandError.badData("--out \(plan.out.path) is a file: name a folder")
        }
        return CommandError.badData("--out \(plan.out.path) cannot be written: \(error.reason)")
    }

    /// From now on something has been measured, which stays.
    private func keep() {
        isKept = true
        folder.made.keep()
        var interrupted = record
        interrupted.status = .interrupted
        cleanup.note { [folder, interrupted] things in
            things.emptyResult = nil
            things.markInterrupted = { try? folder.write(interrupted) }
        }
    }

    /// Writes what there is after one more measurement.
    func write(_ outcome: Execution.Outcome) throws {
        try folder.write(outcome.assessments, costReports: outcome.costReports, baseline: baseline)
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
    func finish(_ outcome: inout Execution.Outcome) {
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
        cleanup.note { $0.markInterrupted = nil }
        record.stores = stores.storeRecord
        record.status = failure != nil ? .failed : signal != nil ? .interrupted : .complete
        do { try folder.write(record) } catch {
            return "\(folder.url.path) could not be written: \(error.reason)"
        }
        return nil
    }
}

/// The repository in which authbench is run: what is being measured, in a CI job.
enum Git {
    private static let patience_s = 10.0

    /// The commit checked out; `nil` outside a repository.
    static func commit() -> String? {
        guard let hash = output(["rev-parse", "HEAD"]), !hash.isEmpty else { return nil }
        return hash
    }

    /// Whether there are changes or files that no commit has, ignored ones aside; `nil` outside a repository.
    static func isDirty() -> Bool? {
        output(["--no-optional-locks", "status", "--porcelain"]).map { !$0.isEmpty }
    }

    private static func output(_ arguments: [String]) -> String? {
        guard let program = Executable.find("git") else { return nil }
        let output = Pipe()
        let process = try? ChildProcess(
            program, arguments, descriptors: [nil, output.fileHandleForWriting, nil])
        try? output.fileHandleForWriting.close()
        guard let process else { return nil }
        var data = Data()
        // A repository on a drive that hangs must not hold a run up for ever.
        while Readiness.isReadable(output.fileHandleForReading.fileDescriptor, within: patience_s) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            data.append(more)
        }
        guard process.end(within_s: patience_s) == .status(0) else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
