/// Decides from blocks of two builds measured side by side which cells became slower: a pure function of the data.
///
/// Stage 1 looks at all cells and lets those go that are proved fast enough; it accuses nobody. The accused are
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

    /// Decides on all cells of a run at once, as Holm's correction needs to know all candidates.
    package func evaluate(_ family: [Series]) -> [Finding] {
        var findings = family.map(screen)
        let candidates = findings.count { $0.outcome == .open(stage: 2) }
        for stage in stride(from: 2, through: rules.blocks.count, by: 1) {
            confirm(stage, candidates: candidates, family, &findings)
        }
        return findings
    }

    /// The first look: a cell passes when nothing speaks for a slow-down and an intolerable one is excluded.
    ///
    /// A noisy cell excludes nothing and so becomes a candidate: noise cannot make a cell pass.
    private func screen(_ series: Series) -> Finding {
        guard let look = look(at: series, stage: 1) else {
            return Finding(outcome: .open(stage: 1), look: partialLook(at: series))
        }
        let isQuiet = look.pSlower > rules.screen_p && look.isTolerable(series.bounds, rules)
        return finding(look, isQuiet ? .passed : .open(stage: 2), series.bounds, level: rules.screen_p)
    }

    /// A later look at the cells that are still open.
    ///
    /// Holm's family is that of all original candidates in each look: one that has been decided, or that the budget
    /// left without blocks, counts as one that was not rejected.
    private func confirm(
        _ stage: Int, candidates: Int, _ family: [Series], _ findings: inout [Finding]
    ) {
        let level = rules.alpha / Double(rules.blocks.count - 1)
        let looks = findings.indices.compactMap { cell -> (cell: Int, look: Look)? in
            guard findings[cell].outcome == .open(stage: stage) else { return nil }
            return look(at: family[cell], stage: stage).map { (cell, $0) }
        }
        let adjusted = Holm.adjusted(looks.map(\.look.pSlower), familySize: candidates)
        for ((cell, look), adjusted_p) in zip(looks, adjusted) {
            let bounds = family[cell].bounds
            // Proved is not enough: what is too small to matter may be the layout of the code.
            let outcome: Outcome =
                if adjusted_p <= level, look.effect >= bounds.leastLogRatio {
                    .regression
                } else if look.isTolerable(bounds, rules) {
                    .passed
                } else {
                    stage < rules.blocks.count ? .open(stage: stage + 1) : .inconclusive
                }
            findings[cell] = finding(look, outcome, bounds, level: level / Double(candidates))
            findings[cell].adjusted_p = adjusted_p
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
