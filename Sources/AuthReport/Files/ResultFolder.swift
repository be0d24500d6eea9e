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
    package init(in parent: URL, identity: RunIdentity, withHistograms: Bool = true) throws {
        self.parent = parent
        do {
            try made.makeFolders(parent.path)
            let runID = try made.makeFolder(in: parent.path, named: identity.runID)
            url = parent.appendingPathComponent(runID, isDirectory: true)
            self.identity = RunIdentity(
                runID: runID, workload: identity.workload, traceSHA256: identity.traceSHA256)
            if withHistograms { try made.makeFolder(url.appendingPathComponent("histograms").path) }
        } catch {
            made.removeAll()
            throw error
        }
    }

    package func write(_ record: RunRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(try encoder.encode(record) + Data("\n".utf8), to: "run.json")
    }

    /// Writes all that has been measured so far, and the histograms of the newest measurement.
    ///
    /// `floor` names the strategy that only shows the harness's own cost, if there is one.
    package func write(_ assessments: [Assessment], bills: [Bill], floor: String?) throws {
        if let newest = assessments.last {
            for latency in newest.latencies {
                let file = HistogramFile(identity, newest.measurement, latency)
                try write(try file.json(), to: "histograms/\(file.name)")
            }
        }
        try write(
            SummaryTable.columns(identity), SummaryTable.rows(assessments.map { RepeatFigures($0) }),
            to: "summary.csv")
        try write(LatencyTable.columns(identity), LatencyTable.rows(assessments), to: "latency.csv")
        try write(
            ThroughputTable.columns(identity), ThroughputTable.rows(assessments, floor: floor),
            to: "throughput.csv")
        try write(SizeTable.columns(identity), SizeTable.rows(bills), to: "size.csv")
    }

    /// Writes all exposures measured so far.
    package func write(_ exposures: [ExposureAssessment]) throws {
        try write(ExposureTable.columns(identity), exposures, to: Schema.exposure.file)
    }

    private func write<Row>(_ columns: [Column<Row>], _ rows: [Row], to name: String) throws {
        try write(Data(CSV.text(columns, rows).utf8), to: name)
    }

    /// Points `<parent>/latest` at this folder; leaves anything there that is no link to a run beside it.
    package func becomeLatest() throws {
        try SymbolicLink.point(
            parent.appendingPathComponent("latest").path, at: identity.runID,
            replacing: RunIdentity.isRunID)
    }

    private func write(_ data: Data, to name: String) throws {
        let file = url.appendingPathComponent(name)
        try data.write(to: file, options: .atomic)
        made.note(file.path)
    }
}
