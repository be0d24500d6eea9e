import Testing

@testable import AuthStatistics

/// The simulation against one that was made independently of this code, in NumPy; its number of runs beside each
/// figure.
@Suite("Operating curve")
struct OperatingCurveTests {
    struct Figure: Sendable, CustomTestStringConvertible {
        var gate: String
        var noise = "usual"
        var slowedCases: Int
        var slowdown: Double
        var published: Double
        var publishedRuns: Int
        var runs: Int

        init(
            _ gate: String, noise: String = "usual", slowed: Int, by slowdown: Double, _ published: Double,
            of publishedRuns: Int, runs: Int
        ) {
            (self.gate, self.noise, slowedCases) = (gate, noise, slowed)
            (self.slowdown, self.published) = (slowdown, published)
            (self.publishedRuns, self.runs) = (publishedRuns, runs)
        }

        var testDescription: String { "\(gate), \(noise), \(slowedCases) cases by \(slowdown)" }
    }

    private static let perCell = [
        Figure("means of 5 > 5 %", slowed: 0, by: 0, 0.211, of: 40_000, runs: 3000),
        Figure("means of 5 > 5 %", noise: "other session", slowed: 0, by: 0, 0.256, of: 40_000, runs: 3000),
        Figure("means of 5 > 10 %", slowed: 0, by: 0, 0.058, of: 40_000, runs: 3000),
        Figure("means of 5 > 10 %", slowed: 1, by: 0.1, 0.50, of: 40_000, runs: 1000),
        Figure("Mann-Whitney 10 v 10, p < 0.05", slowed: 0, by: 0, 0.022, of: 40_000, runs: 2000),
        Figure("Mann-Whitney 10 v 10, p < 0.05", slowed: 1, by: 0.1, 0.55, of: 40_000, runs: 600),
        Figure("bootstrap of the median, n = 10", slowed: 1, by: 0.05, 0.73, of: 6000, runs: 60),
        Figure("signed-rank 0.025, n = 10", slowed: 0, by: 0, 0.024, of: 40_000, runs: 2000),
        Figure("signed-rank 0.025, n = 10", slowed: 1, by: 0.05, 0.62, of: 40_000, runs: 1000),
        Figure("signed-rank 0.01 Bonferroni, n = 10", slowed: 1, by: 0.1, 0, of: 40_000, runs: 200),
        Figure("signed-rank 0.01 Bonferroni, n = 20", slowed: 1, by: 0.05, 0.33, of: 40_000, runs: 600),
    ]

    private static let perRun = [
        Figure("means of 5 > 10 %", slowed: 0, by: 0, 0.97, of: 1500, runs: 200),
        Figure("means of 5 > 10 %", noise: "other session", slowed: 0, by: 0, 0.82, of: 1500, runs: 200),
        Figure("signed-rank 0.025 uncorrected, n = 10", slowed: 0, by: 0, 0.78, of: 1500, runs: 60),
        Figure("screened 12/24, Holm 1 % and > 2.5 %", slowed: 1, by: 0.05, 0.67, of: 1500, runs: 60),
        Figure("staged 10/24/36, Holm 0.1 %", slowed: 1, by: 0.05, 0.93, of: 1500, runs: 60),
        Figure("staged 10/24/36, Holm 0.1 %", slowed: 0, by: 0, 0.001, of: 5000, runs: 60),
    ]

    private func simulate(_ figure: Figure, among scenarios: [Scenario]) throws -> OperatingPoint {
        var scenario = try #require(
            scenarios.first {
                $0.name == figure.gate && $0.noise == figure.noise && $0.slowdown == figure.slowdown
                    && $0.slowedCases == figure.slowedCases
            })
        scenario.runs = figure.runs
        var random = SeededSource(state: 12)
        return scenario.simulate(using: &random)
    }

    @Test("agrees with the other simulation, one case for itself", arguments: perCell)
    func cases(figure: Figure) throws {
        check(figure, try simulate(figure, among: OperatingCurve(cases: 60, runs: 1).perCell))
    }

    @Test("agrees with the other simulation, in runs of 60 cases", arguments: perRun)
    func runs(figure: Figure) throws {
        check(figure, try simulate(figure, among: OperatingCurve(cases: 60, runs: 1).perRun))
    }

    /// Within four standard errors of both counts, and the rounding of the published figure.
    private func check(_ figure: Figure, _ point: OperatingPoint) {
        let found =
            Double(figure.slowedCases > 0 ? point.detections : point.falseAlarms) / Double(figure.runs)
        let share = (found * Double(figure.runs) + 1) / Double(figure.runs + 2)
        let variance = share * (1 - share) * (1 / Double(figure.runs) + 1 / Double(figure.publishedRuns))
        #expect(abs(found - figure.published) < 4 * variance.squareRoot() + 0.005, "found \(found)")
    }

    @Test("counts what the gate said")
    func counts() {
        let gate = StagedGate(
            rules: StagedTest.Rules(blocks: [8, 12, 16], alpha: 0.01),
            bounds: StagedTest.Tolerance(tolerance: 0.05, minimumEffect: 0.03))
        func simulate(_ blocks: [Double]) -> OperatingPoint {
            var random = SeededSource(state: 3)
            return Scenario(
                table: "run", name: "", gate: .staged(gate, .recorded([blocks], factor: 1)), cases: 5,
                slowedCases: 1, slowdown: 0.2, runs: 20
            ).simulate(using: &random)
        }
        let point = simulate([0.001, 0.002, 0.003, 0.004, 0.005])
        #expect(point.detections == 20 && point.slowedPassed == 0 && point.inconclusiveRuns == 0)
        #expect(point.falseAlarms == 0 && point.slowedInconclusive == 0 && point.hasThreeVerdicts)
        // 8 blocks of each case; 12 more of the slowed one, and of the others at most all.
        let (least, most) = (20 * 52, 20 * 100)
        #expect(least <= point.blocks && point.blocks <= most)
        let noisy = simulate([2, 3, 4])
        #expect(noisy.detections == 0 && noisy.falseAlarms == 0 && noisy.slowedPassed == 0)
        #expect(noisy.inconclusiveRuns == 20 && noisy.slowedInconclusive == 20)
        #expect(noisy.blocks == 20 * 5 * 36)
    }

    @Test("a session shifts all cases of a run alike, and both builds")
    func sessions() {
        let noise = NoiseModel(name: "", drift: 0, spread: 0, outlierShare: 0, session: 0.1)
        // One standard deviation of the difference of two shifts: e^(0.1 √2) - 1.
        let gate = RivalGate.means(runs: 2, threshold: 0.1519)
        let scenario = Scenario(
            table: "run", name: "", gate: .rival(gate, noise), cases: 2, slowedCases: 0, slowdown: 0,
            runs: 3000)
        var random = SeededSource(state: 4)
        // 15.9 % of runs, five standard errors; 29 % if each case had a shift of its own, 8 % if only one build had.
        let alarms = scenario.simulate(using: &random).falseAlarms
        #expect(376...577 ~= alarms, "\(alarms)")
    }

    @Test("simulates recorded noise three times, and whole strategies of a fifth of the cases")
    func scenarios() {
        let curve = OperatingCurve(cases: 20, runs: 7)
        let recorded = curve.recorded([[0.01, 0.02]])
        #expect(Set(recorded.map(\.noise)) == ["recorded x1", "recorded x3", "recorded x5"])
        #expect(Set(recorded.map(\.slowdown)) == [0, 0.03, 0.05, 0.10])
        #expect(recorded.allSatisfy { $0.runs == 7 && $0.cases == 20 })
        #expect(Set(curve.perRun.map(\.slowedCases)) == [0, 1, 4])
        let all = curve.perCell + curve.perRun
        let names = all.map { "\($0.table) \($0.name) \($0.noise) \($0.slowedCases) \($0.slowdown)" }
        #expect(Set(names).count == all.count)
    }
}
