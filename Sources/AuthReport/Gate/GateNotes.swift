import AuthStatistics
import Foundation

extension GateEvaluation {
    /// The machine line: how quiet it was, and by which numbers the run can be repeated.
    var notes: [(name: String, value: String)] {
        let header = recording.header
        let blocks = header.rules.blocks.indices.map { recording.kept(stage: $0 + 1).count }
        var notes = [
            ("machine", "\(header.cpu_model ?? "unknown processor"), \(header.cores) cores"),
            ("blocks", blocks.map(String.init).joined(separator: " + ") + ", \(recording.dropped) dropped"),
            ("slices above 1.05 x median", percent(recording.contamination)),
            ("drift", percent(recording.drift)),
            ("steal", percent(recording.greatestSteal)),
        ]
        notes += sentinels.map { one in
            (
                "base against itself",
                "\(one.name) \(VerdictText.percent(one.effect)), p \(one.p.formatted(digits: 3)), n \(one.blocks)"
            )
        }
        if header.isSelfComparison { notes.append(("programs", "the same bytes on both sides")) }
        notes.append(("seed", String(header.seed)))
        if let end = recording.end {
            notes.append(("time", (Double(end.wall_ns) / 1e9).formatted(digits: 0) + " s"))
        }
        return notes.map { (name: $0.0, value: $0.1) }
    }

    private func percent(_ share: Double?) -> String {
        share.map { ($0 * 100).formatted(digits: 1) + " %" } ?? "unknown"
    }
}

extension GateRecording {
    /// The share of slices more than 5 % above the median of their side, cell and block.
    var contamination: Double? {
        var (slow, all) = (0, 0)
        for block in blocks {
            for own in block.measurements.flatMap({ one in GateRole.allCases.map(one.slices_ns) }) {
                guard let median = QuantileRule.median(own.map { Double($0) }) else { continue }
                slow += own.count { Double($0) > 1.05 * median }
                all += own.count
            }
        }
        return all > 0 ? Double(slow) / Double(all) : nil
    }

    /// The standard deviation of the calibration from block to block, of its logarithm.
    var drift: Double? {
        let logs = blocks.map { log(Double(max(1, $0.facts.calibration_ns))) }
        guard logs.count > 1 else { return nil }
        let mean = logs.reduce(0, +) / Double(logs.count)
        return (logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count - 1)).squareRoot()
    }

    var greatestSteal: Double? { blocks.compactMap(\.facts.steal_share).max() }
}
