import Foundation

extension StagedTest {
    /// How many blocks each stage has, and how sure it must be.
    package struct Rules: Sendable, Equatable, Codable {
        /// Of each stage; the last two find a slow-down of 5 % in calm and in fairly noisy cells.
        package var blocks = [10, 24, 36]
        /// The greatest chance of any false alarm in a run.
        package var alpha = 0.001
        /// Above this one-sided p a cell is not suspected.
        package var screen_p = 0.10
        /// The chance that the upper bound which lets a cell pass is below the truth.
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

    /// One metric of one cell: the block log-ratios ln(head / base) of each stage.
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
