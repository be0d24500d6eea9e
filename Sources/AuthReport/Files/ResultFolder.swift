import AuthCore
import Foundation

/// The folder of one run.
///
/// Each file in it is there whole or not at all: written aside, then renamed.
package struct ResultFolder {
    package let url: URL
    package let identity: RunIdentity
    package let parent: URL

    /// The folder `<parent>/<run id>/`; `create` makes it.
    package init(in parent: URL, identity: RunIdentity) {
        self.parent = parent
        self.identity = identity
        url = parent.appendingPathComponent(identity.runID, isDirectory: true)
    }

    /// Makes the folder, and the parent where it is missing; fails where another run has the same name.
    package func create(withHistograms: Bool = true) throws {
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        guard withHistograms else { return }
        let histograms = url.appendingPathComponent("histograms", isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: histograms, withIntermediateDirectories: false)
        } catch {
            remove()
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

    /// Points `<parent>/latest` at this folder; leaves anything there that is no link.
    package func becomeLatest() throws {
        let link = parent.appendingPathComponent("latest").path
        let kind = try? FileManager.default.attributesOfItem(atPath: link)[.type] as? FileAttributeType
        if kind == .typeSymbolicLink {
            // Another run in the same place may have removed it just now, which is as good.
            try? FileManager.default.removeItem(atPath: link)
        } else if kind != nil {
            return
        }
        do {
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: identity.runID)
        } catch CocoaError.fileWriteFileExists {
            // That other run has just made its own.
        }
    }

    package func remove() {
        try? FileManager.default.removeItem(at: url)
    }

    private func write(_ data: Data, to name: String) throws {
        try data.write(to: url.appendingPathComponent(name), options: .atomic)
    }
}
