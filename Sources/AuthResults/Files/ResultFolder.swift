import AuthCore
import Backends
import Foundation

/// The folder of one run.
///
/// Each file in it is there whole or not at all: written aside, then renamed.
package struct ResultFolder {
    package let url: URL
    /// Of the run; its identifier is the name of the folder.
    package let identity: RunIdentity
    package let parent: URL
    /// What was made of it: all that is removed again when nothing comes into it.
    package let made = MadeFiles()

    /// Makes the folder `<parent>/<run id>/`, and the parent where it is missing.
    ///
    /// Another run may have begun in the same millisecond: the identifier then gets a number.
    package init(in parent: URL, identity: RunIdentity) throws {
        self.parent = parent
        do {
            try made.makeFolders(parent.path)
            let runID = try made.makeFolder(in: parent.path, named: identity.runID)
            url = parent.appendingPathComponent(runID, isDirectory: true)
            self.identity = RunIdentity(
                runID: runID, workload: identity.workload, traceSHA256: identity.traceSHA256)
        } catch {
            made.removeAll()
            throw error
        }
    }

    package func write(_ record: RunRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write([("run.json", try encoder.encode(record) + Data("\n".utf8))])
    }

    /// Writes all that has been measured so far; of the histograms only those of the newest measurement are made anew.
    ///
    /// `baseline` names the strategy that only shows the harness's own cost, if there is one.
    package func write(_ assessments: [Assessment], costReports: [CostReport], baseline: String?) throws {
        var files: [(String, Data)] = []
        let figures = SummaryTable.rows(assessments.map { RepeatFigures($0) })
        files.append(("summary.csv", Self.csv(SummaryTable.columns(identity), figures)))
        files.append(
            ("latency.csv", Self.csv(LatencyTable.columns(identity), LatencyTable.rows(assessments))))
        let rows = ThroughputTable.rows(assessments, baseline: baseline)
        files.append(("throughput.csv", Self.csv(ThroughputTable.columns(identity), rows)))
        files.append(("size.csv", Self.csv(SizeTable.columns(identity), SizeTable.rows(costReports))))
        let newest = assessments.last.map { newest in
            newest.latencies.map { HistogramLine(identity, newest.measurement, $0) }
        }
        try write(files, appending: try (newest ?? []).reduce(into: Data()) { try $0 += $1.json() })
    }

    /// Writes all exposures measured so far.
    package func write(_ exposures: [ExposureAssessment]) throws {
        try write([(Schema.exposure.file, Self.csv(ExposureTable.columns(identity), exposures))])
    }

    /// Writes all outages measured so far.
    package func write(_ outages: [OutageAssessment]) throws {
        let series = OutageSeriesTable.rows(outages)
        try write([
            ("outage.csv", Self.csv(OutageTable.columns(identity), outages)),
            ("outage_series.csv", Self.csv(OutageSeriesTable.columns(identity), series)),
        ])
    }

    /// Writes all turns with and without logouts measured so far.
    package func write(_ turns: [LogoutEverywhereAssessment]) throws {
        let users = LogoutEverywhereUserTable.rows(turns)
        try write([
            ("logout_everywhere.csv", Self.csv(LogoutEverywhereTable.columns(identity), turns)),
            ("logout_everywhere_users.csv", Self.csv(LogoutEverywhereUserTable.columns(identity), users)),
        ])
    }

    /// Writes what was found of each requirement.
    package func write(_ findings: [ConformanceTable.Row]) throws {
        try write([(Schema.conformance.file, Self.csv(ConformanceTable.columns(identity), findings))])
    }

    private static func csv<Row>(_ columns: [Column<Row>], _ rows: [Row]) -> Data {
        Data(CSV.text(columns, rows).utf8)
    }

    /// Points a link in the parent at this folder, and leaves anything there that is not a link to a run beside it.
    ///
    /// - Parameter name: the name of the link.
    /// - Returns: why it does not point here, or `nil`.
    package func becomeLatest(_ name: String = "latest") -> FileError? {
        SymbolicLink.point(
            parent.appendingPathComponent(name).path, at: identity.runID,
            replacing: RunIdentity.isRunID)
    }

    /// Puts files in the place of earlier ones, all of them or none: a disk that is full takes no row without its
    /// histograms.
    private func write(_ files: [(name: String, data: Data)], appending lines: Data = Data()) throws {
        func aside(_ name: String) -> URL { url.appendingPathComponent(name + ".part") }
        let parts = MadeFiles()
        do {
            for (name, data) in files {
                defer { if FileStatus(at: aside(name).path)?.kind == .file { parts.note(aside(name).path) } }
                try data.write(to: aside(name))
            }
            if !lines.isEmpty { try append(lines, to: url.appendingPathComponent(HistogramLine.file)) }
        } catch {
            parts.removeAll()
            throw error
        }
        for (name, _) in files {
            let file = url.appendingPathComponent(name).path
            try FileStatus.move(aside(name).path, to: file)
            made.note(file)
        }
    }

    /// Adds lines to a file, all of them or none: it grows with the run, so it is not written anew each time.
    private func append(_ lines: Data, to file: URL) throws {
        if FileStatus(at: file.path) == nil {
            try Data().write(to: file, options: .withoutOverwriting)
            made.note(file.path)
        }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        let end = try handle.seekToEnd()
        do { try handle.write(contentsOf: lines) } catch {
            try? handle.truncate(atOffset: end)
            throw error
        }
    }
}
