import Foundation

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
