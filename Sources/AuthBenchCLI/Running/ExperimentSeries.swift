import AuthHarness
import AuthResults
import AuthVerdict
import Backends
import Foundation

/// Experiments that are run one after the other in a folder of their own, recorded so that they can be resumed.
final class ExperimentSeries {
    /// What a caller says of the series as a whole.
    struct Purpose {
        /// The command that makes it, such as `sweep`.
        var command: String
        /// The options that decide what is measured; a series is resumed with the same ones only.
        var options: [String]
        /// What stands in the name of its folder behind the time, such as `sweep-browse`.
        var title: String
    }

    let folder: URL
    let isQuiet: Bool
    /// How many experiments there will be, as far as that is known; decides the time left that is shown.
    var planned = 0
    /// How long one takes, as long as none has ended.
    var expected_s: Double?

    private(set) var record: SeriesRecord
    private let purpose: Purpose
    private let (stop, cleanup) = (StopFlag(), Cleanup())
    private let interruption: Interruption
    /// What a new series has made, as long as nothing has been measured in it.
    private let made = MadeFiles()
    private let claim: ClaimedFile
    private var spent_s: [Double] = []

    /// Exit statuses of an experiment whose rows may be read: 3 says in the rows what disturbed them.
    static let results: Set<Int32> = [ExitStatus.success, ExitStatus.notValid]

    /// A child needs up to 0.8 s to put everything in order, and its own programs a second.
    private static let patience_ms = 3000

    /// Makes the folder of a new series, or goes on with an old one.
    ///
    /// - Parameters:
    ///   - purpose: what it is for.
    ///   - out: where a new series makes its folder.
    ///   - resume: the folder of an old one; `nil` for a new one.
    ///   - isQuiet: whether progress is left out.
    /// - Throws: `CommandError` for a folder that takes nothing, or an old one of something else.
    init(_ purpose: Purpose, out: String, resume: String?, isQuiet: Bool) throws {
        (self.purpose, self.isQuiet) = (purpose, isQuiet)
        interruption = Interruption(stop: stop, cleanup: cleanup, patience_ms: Self.patience_ms)
        if let resume {
            folder = URL(fileURLWithPath: resume, isDirectory: true).resolvingSymlinksInPath()
            record = try Self.earlier(purpose, in: folder, named: resume)
            claim = try Self.claimed(folder)
            made.keep()
            return
        }
        record = SeriesRecord(
            authbench: Version.authbench, command: purpose.command, options: purpose.options)
        cleanup.note { [made] in $0.emptyResult = made }
        do {
            try made.makeFolders(URL(fileURLWithPath: out).path)
            let parent = URL(fileURLWithPath: out, isDirectory: true)
            let name = try made.makeFolder(
                in: parent.path, named: RunClock.identifier("\(purpose.command)-\(purpose.title)"))
            folder = parent.appendingPathComponent(name, isDirectory: true)
            claim = try Self.claimed(folder)
            made.note(claim.path)
            try record.write(to: folder)
            made.note(folder.appendingPathComponent(SeriesRecord.file).path)
        } catch {
            made.removeAll()
            throw (error as? CommandError)
                ?? CommandError.badData("--out \(out) cannot be written: \(error.reason)")
        }
    }

    deinit { end() }

    /// Ends the series: gives up the folder, and removes a new one in which nothing has been measured.
    func end() {
        interruption.end()
        if claim.isInPlace { claim.remove() }
        made.removeAll()
    }

    /// No second process may go on with the same series at once.
    private static func claimed(_ folder: URL) throws(CommandError) -> ClaimedFile {
        do throws(FileError) {
            return try ClaimedFile.claim(folder.appendingPathComponent("in-use").path)
        } catch { throw CommandError.badData("\(folder.path): \(error.reason)") }
    }

    /// Reads the record of an old series, which must be the same series.
    private static func earlier(
        _ purpose: Purpose, in folder: URL, named path: String
    ) throws(CommandError) -> SeriesRecord {
        func refusal(_ text: String) -> CommandError { CommandError.badData("--resume \(path): \(text)") }
        let record: SeriesRecord
        do throws(ResultError) { record = try SeriesRecord(readFrom: folder) } catch {
            throw refusal(error.description)
        }
        guard record.command == purpose.command else {
            throw refusal("authbench \(record.command) made it, not authbench \(purpose.command)")
        }
        guard record.options == purpose.options else {
            let line = Shell.line(["authbench", record.command] + record.options)
            throw refusal("it was begun with other options: repeat \(line)")
        }
        guard record.authbench == Version.authbench else {
            throw refusal("authbench \(record.authbench) made it, and this is \(Version.authbench)")
        }
        if let difference = MachineRecord.current().differences(from: record.machine).first {
            throw refusal("it was measured on another machine: \(difference)")
        }
        for entry in record.experiments where entry.status != nil {
            do throws(ResultError) { _ = try record.results(of: entry.name, in: folder) } catch {
                throw refusal("it is damaged: \(error): measure again without --resume")
            }
        }
        return record
    }
}

extension ExperimentSeries {
    /// Runs an experiment, or takes its result where the series has it already.
    ///
    /// - Parameters:
    ///   - experiment: what to run.
    ///   - statuses: exit statuses that do not end the series, where the result is complete.
    /// - Returns: how it ended.
    /// - Throws: `CommandError` with the status and last word of an experiment that ends the series, or for a signal.
    func run(
        _ experiment: Experiment, accepting statuses: Set<Int32> = ExperimentSeries.results
    ) throws -> Experiment.Outcome {
        if let known = try known(experiment) { return known }
        let begin = ContinuousClock.now
        let attempt = MadeFiles()
        let name = try attempt.makeFolder(in: folder.path, named: experiment.name)
        let place = folder.appendingPathComponent(name, isDirectory: true)
        record.experiments.append(
            SeriesRecord.Entry(
                name: experiment.name, arguments: experiment.arguments, folder: name, point: experiment.point)
        )
        try write()
        let (end, message) = try execute(experiment, in: place)
        if stop.isRaised {
            // A folder without a measurement would only be in the way.
            attempt.removeAll()
            throw stopped
        }
        let outcome = Experiment.Outcome(
            status: Self.status(of: end), message: message, folders: Self.runs(in: place))
        let isWhole = !outcome.folders.isEmpty && outcome.folders.allSatisfy(Self.isComplete)
        guard statuses.contains(outcome.status), isWhole else {
            attempt.removeAll()
            // What it left may say why.
            if FileStatus(at: place.path) != nil { made.keep() }
            let why = message ?? (isWhole ? "it gave no reason" : "it wrote no complete result")
            throw CommandError(
                status: outcome.status == 0 ? ExitStatus.runtime : outcome.status,
                message: "\(experiment.commandLine): \(why)")
        }
        let last = record.experiments.count - 1
        record.experiments[last].runs = outcome.folders.map(\.lastPathComponent)
        record.experiments[last].status = outcome.status
        record.experiments[last].message = message
        try write()
        keep()
        spent_s.append(begin.duration(to: .now) / .seconds(1))
        return outcome
    }

    /// Says what a search for capacities keeps, before its first probe.
    func note(_ plan: CapacityPlan) throws {
        guard record.capacity == nil || record.capacity == plan else {
            throw CommandError.badData("\(folder.path): \(SeriesRecord.file): it was another search")
        }
        record.capacity = plan
        try write()
    }

    /// Writes a file of the series, whole or not at all.
    func write(_ text: String, to name: String) throws {
        let file = folder.appendingPathComponent(name)
        do { try Signals.afterwards { try Data(text.utf8).write(to: file, options: .atomic) } } catch {
            throw CommandError.runtime("\(file.path) could not be written: \(error.reason)")
        }
        made.note(file.path)
    }

    /// From the first result on the series stays, and `latest-…` leads to it.
    private func keep() {
        guard finished == 1 else { return }
        made.keep()
        cleanup.note { $0.emptyResult = nil }
        let link = folder.deletingLastPathComponent().appendingPathComponent("latest-\(purpose.command)")
        let fault = SymbolicLink.point(
            link.path, at: folder.lastPathComponent, replacing: RunIdentity.isRunID)
        if let fault, !isQuiet {
            Console.say("The link \(link.lastPathComponent) does not lead to these results: \(fault.reason)")
        }
    }

    /// What goes on with the series after a signal.
    private var stopped: CommandError {
        let words = ["authbench", purpose.command, "--resume", folder.path]
        return CommandError(
            status: ExitStatus.signal(interruption.signal ?? 15),
            message: "stopped by a signal"
                + (record.experiments.contains { $0.status != nil }
                    ? "; go on with \(Shell.line(words))" : "; nothing was finished"))
    }

    private func known(_ experiment: Experiment) throws -> Experiment.Outcome? {
        guard
            let entry = record.experiments.last(where: { $0.name == experiment.name && $0.status != nil }),
            let status = entry.status
        else { return nil }
        guard entry.arguments == experiment.arguments else {
            throw CommandError.badData(
                "\(folder.path): \(SeriesRecord.file): \(entry.name) was another experiment: measure again without --resume"
            )
        }
        let place = folder.appendingPathComponent(entry.folder, isDirectory: true)
        return Experiment.Outcome(
            status: status, message: entry.message,
            folders: entry.runs.map { place.appendingPathComponent($0, isDirectory: true) })
    }

    private func write() throws {
        do { try record.write(to: folder) } catch {
            throw CommandError.runtime("\(folder.path) could not be written: \(error.reason)")
        }
        made.note(folder.appendingPathComponent(SeriesRecord.file).path)
    }

    /// Runs the program until it ends, or a signal asks for that.
    private func execute(
        _ experiment: Experiment, in place: URL
    ) throws -> (end: ChildProcess.End?, message: String?) {
        let said = place.appendingPathComponent("stderr.txt")
        guard FileManager.default.createFile(atPath: said.path, contents: nil),
            let status = FileStatus(at: said.path)
        else { throw CommandError.runtime("\(said.path) cannot be written: is the disk full?") }
        defer { status.remove(from: said.path) }
        let process: ChildProcess
        do throws(FileError) {
            process = try ChildProcess(
                URL(fileURLWithPath: "/proc/self/exe"), called: CommandLine.arguments.first,
                experiment.arguments + ["--out", place.path, "--quiet"],
                descriptors: [nil, nil, try? FileHandle(forWritingTo: said)], farewell: SIGINT)
        } catch { throw CommandError.runtime("\(experiment.commandLine) cannot be started: \(error.reason)") }
        let line = SeriesLine(
            experiment, done: finished, of: planned, pace_s: pace_s, isQuiet: isQuiet)
        defer { line.clear() }
        while process.isRunning, !stop.isRaised {
            line.draw()
            process.wait(within_s: 0.25)
        }
        let end = process.end()
        return (end, LastWords.reason(in: said).map(Self.withoutName))
    }

    private static func withoutName(_ line: String) -> String {
        line.hasPrefix("authbench: ") ? String(line.dropFirst("authbench: ".count)) : line
    }

    private static func status(of end: ChildProcess.End?) -> Int32 {
        if case .status(let status) = end { status } else { ExitStatus.runtime }
    }

    private static func isComplete(_ folder: URL) -> Bool { ResultReader(folder).record?.status == .complete }

    /// The folders that hold a run, without the links to them.
    private static func runs(in place: URL) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        return names.sorted().map { place.appendingPathComponent($0, isDirectory: true) }.filter {
            FileStatus(at: $0.path)?.kind == .folder
                && FileStatus(at: $0.appendingPathComponent("run.json").path) != nil
        }
    }
}

extension ExperimentSeries {
    var finished: Int { record.experiments.count { $0.status != nil } }

    /// How long one experiment takes, as far as is known.
    var pace_s: Double? {
        spent_s.isEmpty ? expected_s : spent_s.reduce(0, +) / Double(spent_s.count)
    }
}
