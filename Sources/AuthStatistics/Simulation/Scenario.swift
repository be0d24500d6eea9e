/// One gate under one kind of noise with one slow-down in some cells: a point of the operating curve.
package struct Scenario: Sendable {
    package enum Gate: Sendable {
        case staged(StagedGate, BlockNoise)
        case rival(RivalGate, NoiseModel)
    }

    /// Of the three tables: `cell`, `run` or `recorded`.
    package var table: String
    package var name: String
    package var gate: Gate
    package var cells: Int
    package var slowedCells: Int
    package var slowdown: Double
    package var runs: Int

    package var noise: String {
        switch gate {
        case .staged(_, let noise): noise.name
        case .rival(_, let noise): noise.name
        }
    }

    package func simulate(using random: inout some RandomNumberGenerator) -> OperatingPoint {
        var point = OperatingPoint(scenario: self)
        let slowdowns = (0..<cells).map { $0 < slowedCells ? slowdown : 0 }
        for _ in 0..<runs {
            let verdicts =
                switch gate {
                case .staged(let gate, let noise):
                    gate.verdicts(slowdowns: slowdowns, noise: noise, using: &random)
                case .rival(let gate, let noise):
                    gate.verdicts(slowdowns: slowdowns, noise: noise, using: &random)
                }
            point.add(slowed: verdicts[..<slowedCells], innocent: verdicts[slowedCells...])
        }
        return point
    }
}

/// What a simulated gate did, counted.
package struct OperatingPoint: Sendable {
    package var scenario: Scenario
    /// Runs in which a cell was flagged that is as fast as before.
    package var falseAlarms = 0
    /// Runs in which at least one of the slowed cells was flagged.
    package var detections = 0
    /// Runs in which at least one cell was inconclusive.
    package var inconclusiveRuns = 0
    /// Slowed cells, over all runs, that passed.
    package var slowedPassed = 0
    /// Slowed cells, over all runs, that were inconclusive.
    package var slowedInconclusive = 0
    /// Over all cells and runs.
    package var blocks = 0

    init(scenario: Scenario) { self.scenario = scenario }

    /// Whether the gate knows more than flagged and not flagged.
    package var hasThreeVerdicts: Bool {
        if case .staged = scenario.gate { true } else { false }
    }

    mutating func add(slowed: ArraySlice<CellVerdict>, innocent: ArraySlice<CellVerdict>) {
        if innocent.contains(where: \.isFlagged) { falseAlarms += 1 }
        if slowed.contains(where: \.isFlagged) { detections += 1 }
        if (slowed + innocent).contains(where: { $0.isInconclusive == true }) { inconclusiveRuns += 1 }
        slowedPassed += slowed.count { $0.isPassed == true }
        slowedInconclusive += slowed.count { $0.isInconclusive == true }
        blocks += (slowed + innocent).reduce(0) { $0 + $1.blocks }
    }
}
