import Foundation

/// Decides from blocks of two builds measured side by side which cases became slower: a pure function of the data.
///
/// Stage 1 looks at all cases and lets those go that are proved fast enough; it accuses nobody. The accused are
/// measured afresh, and only these later blocks can convict: whatever the screen did with its own blocks, they are
/// no part of the evidence, so the chance of any false alarm in a run is at most `alpha`. The later looks share
/// `alpha` evenly, as the last one sees the blocks of those before it again.
package struct StagedTest: Sendable {
    private let rules: Rules
    /// For the number of blocks of each look, worked out once.
    private let distributions: [SignedRankDistribution]

    package init(rules: Rules = Rules()) {
        self.rules = rules
        distributions = rules.blocks.indices.map { stage in
            SignedRankDistribution(count: rules.blocks[min(stage, 1)...stage].reduce(0, +))
        }
    }

    /// Decides on all cases of a run at once, as Holm's correction needs to know all candidates.
    package func evaluate(_ family: [Series]) -> [Finding] {
        var findings = family.map(screen)
        let candidates = findings.count { $0.outcome == .open(stage: 2) }
        for stage in stride(from: 2, through: rules.blocks.count, by: 1) {
            confirm(stage, candidates: candidates, family, &findings)
        }
        return findings
    }

    /// The first look: a case passes when nothing speaks for a slow-down and an intolerable one is excluded.
    ///
    /// A noisy case excludes nothing and so becomes a candidate: noise cannot make a case pass.
    private func screen(_ series: Series) -> Finding {
        guard let look = look(at: series, stage: 1) else {
            return Finding(outcome: .open(stage: 1), look: partialLook(at: series))
        }
        let isQuiet = look.pSlower > rules.screen_p && look.isTolerable(series.bounds, rules)
        return finding(look, isQuiet ? .passed : .open(stage: 2), series.bounds, level: rules.screen_p)
    }

    /// A later look at the cases that are still open.
    ///
    /// Holm's family is that of all original candidates in each look: one that has been decided, or that the budget
    /// left without blocks, counts as one that was not rejected.
    private func confirm(
        _ stage: Int, candidates: Int, _ family: [Series], _ findings: inout [Finding]
    ) {
        let level = rules.alpha / Double(rules.blocks.count - 1)
        let looks = findings.indices.compactMap { item -> (item: Int, look: Look)? in
            guard findings[item].outcome == .open(stage: stage) else { return nil }
            return look(at: family[item], stage: stage).map { (item, $0) }
        }
        let adjusted = Holm.adjusted(looks.map(\.look.pSlower), familySize: candidates)
        for ((item, look), adjusted_p) in zip(looks, adjusted) {
            let bounds = family[item].bounds
            // Proved is not enough: what is too small to matter may be the layout of the code.
            let outcome: Outcome =
                if adjusted_p <= level, look.effect >= bounds.leastLogRatio {
                    .regression
                } else if look.isTolerable(bounds, rules) {
                    .passed
                } else {
                    stage < rules.blocks.count ? .open(stage: stage + 1) : .inconclusive
                }
            findings[item] = finding(look, outcome, bounds, level: level / Double(candidates))
            findings[item].adjusted_p = adjusted_p
        }
    }

    /// The blocks on which a stage decides: the first has its own, later ones pool theirs with those since the second.
    ///
    /// Blocks beyond the number that the rules give are left out: a number that follows the data would not be exact.
    private func look(at series: Series, stage: Int) -> Look? {
        let own = stage == 1 ? 0..<1 : 1..<stage
        guard series.stages.count >= stage,
            own.allSatisfy({ series.stages[$0].count >= rules.blocks[$0] })
        else { return nil }
        return Look(
            own.flatMap { series.stages[$0].prefix(rules.blocks[$0]) }, stage: stage,
            untied: distributions[stage - 1])
    }

    /// What there is of an unfinished first stage, for display.
    private func partialLook(at series: Series) -> Look? {
        series.stages.first.flatMap {
            Look($0, stage: 1, untied: SignedRankDistribution(count: $0.count))
        }
    }

    private func finding(_ look: Look, _ outcome: Outcome, _ bounds: Tolerance, level: Double) -> Finding {
        var finding = Finding(outcome: outcome, look: look)
        finding.isImprovement = look.pFaster <= rules.alpha && look.effect <= -bounds.leastLogRatio
        finding.level = level
        return finding
    }
}

extension StagedTest {
    /// The statistics of the blocks that one look decides on.
    struct Look {
        let stage: Int
        let blocks: Int
        let pSlower: Double
        let pFaster: Double
        let effect: Double
        let sigma_b: Double?
        private let location: HodgesLehmann

        init?(_ logRatios: [Double], stage: Int, untied: SignedRankDistribution) {
            guard let location = HodgesLehmann(logRatios, untied: untied) else { return nil }
            let test = SignedRank(logRatios, untied: untied)
            self.stage = stage
            self.location = location
            blocks = logRatios.count
            pSlower = test.pGreater
            pFaster = test.pLess
            effect = location.estimate
            sigma_b = DetectableEffect.sigma_b(logRatios)
        }

        var interval95: Interval? { location.interval95 }

        /// Whether a slow-down beyond the tolerance is excluded; too few blocks exclude nothing.
        func isTolerable(_ bounds: Tolerance, _ rules: Rules) -> Bool {
            location.upperBound(level: rules.passLevel).map { $0 < bounds.greatestLogRatio } ?? false
        }
    }
}

extension StagedTest {
    /// How many blocks each stage has, and how sure it must be.
    package struct Rules: Sendable, Equatable, Codable {
        /// Of each stage; the last two find a slow-down of 5 % in calm and in fairly noisy cases.
        package var blocks = [10, 24, 36]
        /// The greatest chance of any false alarm in a run.
        package var alpha = 0.001
        /// Above this one-sided p a case is not suspected.
        package var screen_p = 0.10
        /// The chance that the upper bound which lets a case pass is below the truth.
        package var passLevel = 0.01

        package init() {}

        package init(blocks: [Int], alpha: Double, screen_p: Double = 0.10, passLevel: Double = 0.01) {
            self.blocks = blocks
            self.alpha = alpha
            self.screen_p = screen_p
            self.passLevel = passLevel
        }
    }

    /// How much slower is too much, and how much is worth naming; as shares of the base's time.
    package struct Tolerance: Sendable, Equatable, Codable {
        /// To pass, a slow-down of this size must be excluded.
        package var tolerance: Double
        /// The least estimate that is called a regression: more than code layout alone can do.
        package var minimumEffect: Double

        package init(tolerance: Double, minimumEffect: Double) {
            self.tolerance = tolerance
            self.minimumEffect = minimumEffect
        }

        var greatestLogRatio: Double { log1p(tolerance) }
        var leastLogRatio: Double { log1p(minimumEffect) }
    }

    /// One metric of one case: the block log-ratios ln(head / base) of each stage.
    ///
    /// A stage with fewer blocks than the rules want was not finished, or not needed, and is not tested.
    package struct Series: Sendable {
        package var bounds: Tolerance
        package var stages: [[Double]]

        package init(bounds: Tolerance, stages: [[Double]]) {
            self.bounds = bounds
            self.stages = stages
        }
    }

    package enum Outcome: Sendable, Equatable {
        case passed, regression
        /// Wants the blocks of this stage, counted from 1; without budget for them it stays so.
        case open(stage: Int)
        /// Neither proved slower nor proved fast enough by the last look.
        case inconclusive
    }

    /// What was decided on one series, by which numbers; effects are log-ratios.
    package struct Finding: Sendable, Equatable {
        package var outcome: Outcome
        /// Proved faster by at least the minimum effect, for itself alone; it decides nothing.
        package var isImprovement = false
        /// The Hodges-Lehmann estimate.
        package var effect: Double?
        /// The exact bounds of the effect; `nil` with fewer than six blocks.
        package var interval95: Interval?
        /// One-sided, that it is slower.
        package var p: Double?
        /// After Holm's correction, to be held against the look's share of alpha; `nil` before the second stage.
        package var adjusted_p: Double?
        /// Those behind the effect.
        package var blocks = 0
        package var sigma_b: Double?
        /// The p at which this look objects: the screen's, or Holm's first step; `nil` before the first look.
        package var level: Double?
        /// The last stage whose blocks were complete; 1 before that.
        package var stage = 1

        init(outcome: Outcome, look: Look?) {
            self.outcome = outcome
            guard let look else { return }
            effect = look.effect
            interval95 = look.interval95
            p = look.pSlower
            blocks = look.blocks
            sigma_b = look.sigma_b
            stage = look.stage
        }
    }
}
