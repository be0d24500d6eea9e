import Foundation

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
    ) -> [CellVerdict] {
        var series = slowdowns.map { _ in StagedTest.Series(bounds: bounds, stages: []) }
        var outcomes = slowdowns.map { _ in StagedTest.Outcome.open(stage: 1) }
        // What passed at once is no candidate, and changes nothing for the others.
        var family = Array(slowdowns.indices)
        for stage in 1...rules.blocks.count {
            for cell in family where outcomes[cell] == .open(stage: stage) {
                series[cell].stages.append(
                    (0..<rules.blocks[stage - 1]).map { _ in
                        log1p(slowdowns[cell]) + noise.logRatio(cell: cell, using: &random)
                    })
            }
            for (cell, finding) in zip(family, test.evaluate(family.map { series[$0] })) {
                outcomes[cell] = finding.outcome
            }
            if stage == 1 { family = family.filter { outcomes[$0] != .passed } }
        }
        return zip(outcomes, series).map { outcome, series in
            CellVerdict(
                isFlagged: outcome == .regression, isPassed: outcome == .passed,
                blocks: series.stages.reduce(0) { $0 + $1.count })
        }
    }
}
