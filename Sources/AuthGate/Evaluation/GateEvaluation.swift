import AuthStatistics
import AuthVerdict
import Foundation

/// What a recording says: for each case and metric a finding, and for the gate itself whether it may be believed.
package struct GateEvaluation {
    /// One metric of one case.
    struct Entry {
        var caseIndex: Int
        var metric: GateHeader.Metric
        /// `nil` where the metric is not compared.
        var finding: StagedTest.Finding?
    }

    let recording: GateRecording
    let entries: [Entry]
    /// What a look with so many blocks at such a level finds 95 times in 100, in standard deviations of a block.
    private let provable: [Look: Double]

    package init(_ recording: GateRecording) {
        self.recording = recording
        let header = recording.header
        let pairs = header.cases.indices.filter { !header.cases[$0].is_sentinel }.flatMap { caseIndex in
            header.metrics.filter { header.cases[caseIndex].has($0.name) }.map { (caseIndex, $0) }
        }
        let compared = pairs.filter { Self.isCompared($0.0, $0.1, header) }
        let findings = StagedTest(rules: header.rules).evaluate(
            compared.map { caseIndex, metric in
                StagedTest.Series(
                    bounds: header.cases[caseIndex].bounds(metric),
                    stages: header.rules.blocks.indices.map {
                        recording.logRatios(caseIndex, metric.name, stage: $0 + 1)
                    })
            })
        entries =
            zip(compared, findings).map { Entry(caseIndex: $0.0, metric: $0.1, finding: $1) }
            + pairs.filter { !Self.isCompared($0.0, $0.1, header) }.map {
                Entry(caseIndex: $0.0, metric: $0.1)
            }
        let looks = findings.compactMap { one in one.level.map { Look(blocks: one.blocks, level: $0) } }
        provable = Dictionary(
            uniqueKeysWithValues: Set(looks).compactMap { look in
                ProvableEffect.deviations(pairs: look.blocks, level: look.level).map { (look, $0) }
            })
    }

    private struct Look: Hashable {
        var blocks: Int
        var level: Double
    }

    /// The least slow-down that is called 95 times in 100, as a log-ratio: it must be proved, and found to be as large as
    /// what is worth naming.
    func detectable(_ entry: Entry) -> Double? {
        guard let finding = entry.finding, let sigma_b = finding.sigma_b, let level = finding.level,
            let deviations = provable[Look(blocks: finding.blocks, level: level)]
        else { return nil }
        let estimation = DetectableEffect.minimum(sigma_b: sigma_b, blocks: finding.blocks, level: 0.5)
        return max(
            deviations * sigma_b,
            log1p(recording.header.cases[entry.caseIndex].bounds(entry.metric).minimumEffect) + estimation)
    }

    /// The cases of which something is still open and wants the blocks of a stage.
    package func cases(wanting stage: Int) -> Set<Int> {
        Set(entries.filter { $0.finding?.outcome == .open(stage: stage) }.map(\.caseIndex))
    }

    /// Fewer blocks say too little of how large noise can be.
    package static let leastNoise = 10

    /// ln(head / base) of the blocks of each case in which a program was measured against itself, around their median:
    /// the sentinels, and all cases where both programs are the same.
    package var noise: [[Double]] {
        let header = recording.header
        let kept = recording.blocks.filter { $0.facts.dropped == nil }
        return header.cases.indices.filter { header.isSelfComparison || header.cases[$0].is_sentinel }
            .compactMap {
                let series = GateRecording.logRatios(kept, $0, .time_ns)
                guard series.count >= Self.leastNoise, let median = QuantileRule.median(series) else {
                    return nil
                }
                return series.map { $0 - median }
            }
    }

    /// Whether the first stage has the requests that a quantile so far out needs.
    private static func isCompared(_ caseIndex: Int, _ metric: GateHeader.Metric, _ header: GateHeader)
        -> Bool
    {
        requests(caseIndex, header) >= metric.least_requests
    }

    static func requests(_ caseIndex: Int, _ header: GateHeader) -> Int {
        header.cases[caseIndex].operationsPerSide * (header.rules.blocks.first ?? 0)
    }
}

extension GateRecording {
    /// The blocks of a stage that count.
    func kept(stage: Int) -> [Block] { blocks.filter { $0.facts.stage == stage && $0.facts.dropped == nil } }

    /// ln(head / base) of each block of a stage in which the case was measured.
    func logRatios(_ caseIndex: Int, _ metric: GateMetric, stage: Int) -> [Double] {
        Self.logRatios(kept(stage: stage), caseIndex, metric)
    }

    static func logRatios(_ blocks: [Block], _ caseIndex: Int, _ metric: GateMetric) -> [Double] {
        blocks.compactMap { $0.cases[caseIndex]?.logRatio(metric) }
    }
}
