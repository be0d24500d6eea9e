/// One gate under one kind of noise with one slow-down in some cases: a point of the operating curve.
package struct Scenario: Sendable {
    package enum Gate: Sendable {
        case staged(StagedGate, BlockNoise)
        case rival(RivalGate, NoiseModel)
    }

    /// Of the three tables: `case`, `run` or `recorded`.
    package var table: String
    package var name: String
    package var gate: Gate
    package var cases: Int
    package var slowedCases: Int
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
        let slowdowns = (0..<cases).map { $0 < slowedCases ? slowdown : 0 }
        for _ in 0..<runs {
            let verdicts =
                switch gate {
                case .staged(let gate, let noise):
                    gate.verdicts(slowdowns: slowdowns, noise: noise, using: &random)
                case .rival(let gate, let noise):
                    gate.verdicts(slowdowns: slowdowns, noise: noise, using: &random)
                }
            point.add(slowed: verdicts[..<slowedCases], innocent: verdicts[slowedCases...])
        }
        return point
    }
}

/// What a simulated gate did, counted.
package struct OperatingPoint: Sendable {
    package var scenario: Scenario
    /// Runs in which a case was flagged that is as fast as before.
    package var falseAlarms = 0
    /// Runs in which at least one of the slowed cases was flagged.
    package var detections = 0
    /// Runs in which at least one case was inconclusive.
    package var inconclusiveRuns = 0
    /// Slowed cases, over all runs, that passed.
    package var slowedPassed = 0
    /// Slowed cases, over all runs, that were inconclusive.
    package var slowedInconclusive = 0
    /// Over all cases and runs.
    package var blocks = 0

    init(scenario: Scenario) { self.scenario = scenario }

    /// Whether the gate knows more than flagged and not flagged.
    package var hasThreeVerdicts: Bool {
        if case .staged = scenario.gate { true } else { false }
    }

    mutating func add(slowed: ArraySlice<CaseVerdict>, innocent: ArraySlice<CaseVerdict>) {
        if innocent.contains(where: \.isFlagged) { falseAlarms += 1 }
        if slowed.contains(where: \.isFlagged) { detections += 1 }
        if (slowed + innocent).contains(where: { $0.isInconclusive == true }) { inconclusiveRuns += 1 }
        slowedPassed += slowed.count { $0.isPassed == true }
        slowedInconclusive += slowed.count { $0.isInconclusive == true }
        blocks += (slowed + innocent).reduce(0) { $0 + $1.blocks }
    }
}

/// What a simulated gate said of one case.
struct CaseVerdict {
    var isFlagged: Bool
    /// `nil` for gates that only know flagged and not flagged.
    var isPassed: Bool?
    /// How many blocks, or runs of each build, it took.
    var blocks: Int

    var isInconclusive: Bool? { isPassed.map { !$0 && !isFlagged } }
}

/// The scenarios by which gates are compared.
package struct OperatingCurve: Sendable {
    /// Of a run of the gate.
    package var cases: Int
    package var runs: Int

    package init(cases: Int, runs: Int) {
        self.cases = cases
        self.runs = runs
    }

    /// Each case for itself; cheap, so of ten times as many cases as there are runs, but as many for a bootstrap.
    package var perCell: [Scenario] {
        Self.cellGates(family: cases).flatMap { name, gate, noise in
            var runs = 10 * runs
            if case .bootstrap = gate { runs /= 10 }
            return [0, 0.03, 0.05, 0.10].map { slowdown in
                Scenario(
                    table: "case", name: name, gate: .rival(gate, noise), cases: 1,
                    slowedCases: slowdown > 0 ? 1 : 0, slowdown: slowdown, runs: runs)
            }
        }
    }

    /// Whole runs under modelled noise.
    package var perRun: [Scenario] {
        let rivals = Self.runGates.flatMap { name, gate, noise in
            scenarios("run", name, .rival(gate, noise))
        }
        let staged = Self.stagedGates.flatMap { name, gate, noise in
            scenarios("run", name, .staged(gate, .model(noise)))
        }
        return rivals + staged
    }

    /// Whole runs of the recommended gate under the noise of a recording of equal builds.
    ///
    /// - Parameter series: block log-ratios of each case of the recording; none may be empty.
    /// - Returns: its noise as it is, three times and five times as much.
    package func recorded(_ series: [[Double]]) -> [Scenario] {
        let gate = StagedGate(
            rules: StagedTest.Rules(), bounds: StagedTest.Tolerance(tolerance: 0.05, minimumEffect: 0.03))
        return [1, 3, 5].flatMap { factor in
            scenarios(
                "recorded", Self.recommended, .staged(gate, .recorded(series, factor: factor)))
        }
    }

    private func scenarios(_ table: String, _ name: String, _ gate: Scenario.Gate) -> [Scenario] {
        // A whole strategy is a fifth of the cases.
        [(0, 0), (1, 0.03), (1, 0.05), (1, 0.10), (max(2, cases / 5), 0.05)].map { slowedCases, slowdown in
            Scenario(
                table: table, name: name, gate: gate, cases: cases, slowedCases: min(cases, slowedCases),
                slowdown: slowdown, runs: runs)
        }
    }
}
