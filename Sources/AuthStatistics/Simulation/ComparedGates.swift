import Foundation

extension OperatingCurve {
    typealias Rival = (name: String, gate: RivalGate, noise: NoiseModel)

    static let recommended = "staged 10/24/36, Holm 0.1 %"

    /// Gates on a single case; two levels are those of a family, after Bonferroni.
    static func cellGates(family: Int) -> [Rival] {
        let each = 1 / Double(family)
        var gates: [Rival] = []
        for noise in [NoiseModel.usual, .otherSession] {
            gates += [
                ("means of 5 > 5 %", .means(runs: 5, threshold: 0.05), noise),
                ("means of 5 > 10 %", .means(runs: 5, threshold: 0.10), noise),
                ("Mann-Whitney 10 v 10, p < 0.05", rankSum(.none, 0.05, 0), noise),
                ("Mann-Whitney 10 v 10, Bonferroni", rankSum(.none, 0.05 * each, 0), noise),
            ]
        }
        gates.append(("bootstrap of the mean, n = 10", .bootstrap(blocks: 10, ofMedian: false), .usual))
        for blocks in [10, 20, 30] {
            gates += [
                (
                    "bootstrap of the median, n = \(blocks)", .bootstrap(blocks: blocks, ofMedian: true),
                    .usual
                ),
                ("signed-rank 0.025, n = \(blocks)", signedRank(blocks, .none, 0.025, 0), .usual),
                (
                    "signed-rank 0.01 Bonferroni, n = \(blocks)", signedRank(blocks, .none, 0.01 * each, 0),
                    .usual
                ),
            ]
        }
        return gates
    }

    /// Gates on all cases of a run.
    static let runGates: [Rival] =
        [NoiseModel.usual, .otherSession].flatMap { noise -> [Rival] in
            [
                ("means of 5 > 10 %", .means(runs: 5, threshold: 0.10), noise),
                ("Mann-Whitney 10 v 10, p < 0.05 and > 5 %", rankSum(.none, 0.05, 0.05), noise),
                ("Mann-Whitney 10 v 10, Holm 5 % and > 5 %", rankSum(.holm, 0.05, 0.05), noise),
            ]
        } + [
            ("signed-rank 0.025 uncorrected, n = 10", signedRank(10, .none, 0.025, 0), .usual),
            ("signed-rank Holm 1 % and > 2.5 %, n = 20", signedRank(20, .holm, 0.01, 0.025), .usual),
            ("signed-rank Holm 1 % and > 2.5 %, n = 30", signedRank(30, .holm, 0.01, 0.025), .usual),
            (
                "signed-rank BH 5 % and > 2.5 %, n = 30", signedRank(30, .benjaminiHochberg, 0.05, 0.025),
                .usual
            ),
            (
                "signed-rank BH 1 % and > 2.5 %, n = 30", signedRank(30, .benjaminiHochberg, 0.01, 0.025),
                .usual
            ),
            (
                "screened 12/24, Holm 1 % and > 2.5 %",
                .screened(blocks: 12, then: 24, level: 0.01, minimumEffect: 0.025), .usual
            ),
        ]

    /// The recommended gate, less strict, with the least effect of the rivals, and on other machines.
    static let stagedGates: [(name: String, gate: StagedGate, noise: NoiseModel)] = [
        (recommended, staged(alpha: 0.001, minimumEffect: 0.03), .usual),
        ("\(recommended), > 2.5 %", staged(alpha: 0.001, minimumEffect: 0.025), .usual),
        ("staged 10/24/36, Holm 1 %, > 2.5 %", staged(alpha: 0.01, minimumEffect: 0.025), .usual),
        ("\(recommended), > 2.5 %", staged(alpha: 0.001, minimumEffect: 0.025), .calm),
        ("\(recommended), > 2.5 %", staged(alpha: 0.001, minimumEffect: 0.025), .bad),
        ("\(recommended), > 2.5 %", staged(alpha: 0.001, minimumEffect: 0.025), .veryBad),
    ]

    private static func rankSum(_ correction: Correction, _ level: Double, _ minimumEffect: Double)
        -> RivalGate
    {
        .rankSum(runs: 10, correction, level: level, minimumEffect: minimumEffect)
    }

    private static func signedRank(
        _ blocks: Int, _ correction: Correction, _ level: Double, _ minimumEffect: Double
    ) -> RivalGate {
        .signedRank(blocks: blocks, correction, level: level, minimumEffect: minimumEffect)
    }

    private static func staged(alpha: Double, minimumEffect: Double) -> StagedGate {
        StagedGate(
            rules: StagedTest.Rules(blocks: [10, 24, 36], alpha: alpha),
            bounds: StagedTest.Tolerance(tolerance: 0.05, minimumEffect: minimumEffect))
    }
}

/// The staged test on simulated blocks: the very code that decides on measured ones.
package struct StagedGate: Sendable {
    private let rules: StagedTest.Rules
    private let bounds: StagedTest.Tolerance
    private let test: StagedTest

    package init(rules: StagedTest.Rules, bounds: StagedTest.Tolerance) {
        self.rules = rules
        self.bounds = bounds
        test = StagedTest(rules: rules)
    }

    /// Draws blocks as the test asks for them, until it asks for no more.
    func verdicts(
        slowdowns: [Double], noise: BlockNoise, using random: inout some RandomNumberGenerator
    ) -> [CaseVerdict] {
        var series = slowdowns.map { _ in StagedTest.Series(bounds: bounds, stages: []) }
        var outcomes = slowdowns.map { _ in StagedTest.Outcome.open(stage: 1) }
        // What passed at once is no candidate, and changes nothing for the others.
        var family = Array(slowdowns.indices)
        for stage in 1...rules.blocks.count {
            for item in family where outcomes[item] == .open(stage: stage) {
                series[item].stages.append(
                    (0..<rules.blocks[stage - 1]).map { _ in
                        log1p(slowdowns[item]) + noise.logRatio(item: item, using: &random)
                    })
            }
            for (item, finding) in zip(family, test.evaluate(family.map { series[$0] })) {
                outcomes[item] = finding.outcome
            }
            if stage == 1 { family = family.filter { outcomes[$0] != .passed } }
        }
        return zip(outcomes, series).map { outcome, series in
            CaseVerdict(
                isFlagged: outcome == .regression, isPassed: outcome == .passed,
                blocks: series.stages.reduce(0) { $0 + $1.count })
        }
    }
}
