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

    /// Makes the folder, and the parent where it is missing.
    package func create() throws {
        let histograms = url.appendingPathComponent("histograms", isDirectory: true)
        try FileManager.default.createDirectory(at: histograms, withIntermediateDirectories: true)
    }

    package func write(_ record: RunRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(try encoder.encode(record) + Data("\n".utf8), to: "run.json")
    }

    /// Writes all that has been measured so far, and the histograms of the newest measurement.
    package func write(_ measurements: [RepeatMeasurement], sizes: [CredentialSize]) throws {
        let latency = CSV.text(LatencyTable.columns(identity), LatencyTable.rows(measurements))
        try write(Data(latency.utf8), to: "latency.csv")
        let throughput = CSV.text(ThroughputTable.columns(identity), measurements)
        try write(Data(throughput.utf8), to: "throughput.csv")
        try write(Data(CSV.text(SizeTable.columns(identity), sizes).utf8), to: "size.csv")
        guard let newest = measurements.last else { return }
        for operation in newest.operations {
            let file = HistogramFile(identity, newest, operation)
            try write(try JSONEncoder().encode(file), to: "histograms/\(file.name)")
        }
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
