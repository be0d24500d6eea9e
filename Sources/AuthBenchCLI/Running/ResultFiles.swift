import AuthCore
import AuthHarness
import AuthResults
import Backends
import Foundation

/// Writes the result folder of a run while the run goes on.
final class ResultFiles {
    let folder: ResultFolder
    private let cleanup: Cleanup
    private var record: RunRecord
    private let baseline: String?
    private let isQuiet: Bool
    /// Whether `latest` shall lead here.
    private let isLatest: Bool
    private var isKept = false
    private let stores: StoreFacts

    /// Makes the folder and writes `run.json`, so that a folder or disk that takes nothing is noticed at once.
    init(
        _ plan: RunPlan, _ identity: RunIdentity, _ cleanup: Cleanup, _ stores: StoreFacts
    ) throws {
        self.cleanup = cleanup
        (baseline, isQuiet, isLatest) = (plan.baseline, plan.isQuiet, !plan.isFurther)
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
            sqlite_synchronous: plan.stores.synchronous.rawValue,
            redis_server: plan.needs(.redis) ? plan.stores.redis?.url ?? "private" : nil,
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

    /// Keeps the folder from now on, because something has been measured.
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

    /// Notes which part of the clients this process has.
    func note(_ shard: Shard, clients: Int, run: String?) {
        record.shard = ShardRecord(index: shard.index, count: shard.count, clients: clients, run: run)
    }

    /// Writes what there is after one more measurement.
    func write(_ outcome: RunOutcome) throws {
        record.shard?.windows = outcome.assessments.compactMap { ShardRecord.Window($0.measurement) }
        try folder.write(outcome.assessments, costReports: outcome.costReports, baseline: baseline)
        keep()
        if isLatest, outcome.assessments.count == 1 { link("latest") }
    }

    /// Writes the exposures measured so far; `latest` stays with runs, because reports and scripts read runs there.
    func write(_ exposures: [ExposureAssessment]) throws {
        try folder.write(exposures)
        if !isKept { link("latest-exposure") }
        keep()
    }

    /// Writes the outages measured so far.
    func write(_ outages: [OutageAssessment]) throws {
        try folder.write(outages)
        if !isKept { link("latest-outage") }
        keep()
    }

    /// Writes the turns with and without logouts measured so far.
    func write(_ turns: [LogoutEverywhereAssessment]) throws {
        try folder.write(turns)
        if !isKept { link("latest-logout-everywhere") }
        keep()
    }

    /// Writes what was found of each requirement.
    func write(_ findings: [ConformanceTable.Row]) throws {
        do { try folder.write(findings) } catch {
            throw CommandError.runtime("\(folder.url.path) could not be written: \(error.reason)")
        }
        link("latest-conform")
        keep()
    }

    private func link(_ name: String) {
        if let reason = folder.becomeLatest(name), !isQuiet {
            Console.say("The link \(name) does not lead to these results: \(reason)")
        }
    }

    /// Says why a measurement ended early.
    ///
    /// - Parameters:
    ///   - error: what it threw.
    ///   - doing: what was going on.
    /// - Returns: one line; `nil` for a signal, which is reported later.
    func failure(of error: any Error, doing: String) -> String? {
        switch error {
        case is StoppedError: nil
        case is CocoaError, is FileError: "\(folder.url.path) could not be written: \(error.reason)"
        default: "\(doing): \(error.words)"
        }
    }

    /// Writes how the run ended, or removes a folder without a measurement.
    ///
    /// - Returns: why the end could not be written, or `nil`.
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

/// The result of a run, complete or not.
struct RunOutcome {
    var assessments: [Assessment] = []
    var costReports: [CostReport] = []
    var folder: URL?
    var signal: Int32?
    var failure: String?
    /// The exit status of that failure; `nil` for that of a store or a program that failed.
    var failureStatus: Int32?

    /// Takes in what the same command measured next.
    mutating func add(_ other: Self) {
        assessments += other.assessments
        folder = folder ?? other.folder
        (signal, failure) = (signal ?? other.signal, failure ?? other.failure)
        failureStatus = failureStatus ?? other.failureStatus
    }
}

/// Asks the repository in which authbench runs for its commit: in a CI job that is what is measured.
enum Git {
    private static let patience_s = 10.0

    /// Returns the commit that is checked out; `nil` outside a repository.
    static func commit() -> String? {
        guard let hash = output(["rev-parse", "HEAD"]), !hash.isEmpty else { return nil }
        return hash
    }

    /// Tells whether there are changes or new files that no commit has; `nil` outside a repository.
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
        // A repository on a drive that hangs must not hold up a run for ever.
        while Readiness.isReadable(output.fileHandleForReading.fileDescriptor, within: patience_s) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            data.append(more)
        }
        guard process.end(within_s: patience_s) == .status(0) else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
