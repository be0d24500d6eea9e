import Testing

@testable import AuthStatistics

@Suite("Staged test")
struct StagedTestTests {
    private typealias Bounds = StagedTest.Tolerance
    private static let bounds = Bounds(tolerance: 0.05, minimumEffect: 0.03)

    /// Blocks spread evenly over the quantiles of a normal distribution: no draw decides.
    private func blocks(_ count: Int, around center: Double, spread: Double) -> [Double] {
        (0..<count).map { center + spread * Normal.quantile((Double($0) + 0.5) / Double(count)) }
    }

    private var quiet: [Double] { blocks(10, around: 0, spread: 0.01) }
    private var suspect: [Double] { blocks(10, around: 0.05, spread: 0.02) }

    private func series(_ stages: [[Double]], _ bounds: StagedTest.Tolerance = bounds) -> StagedTest.Series {
        StagedTest.Series(bounds: bounds, stages: stages)
    }

    private func finding(_ stages: [Double]..., bounds: StagedTest.Tolerance = bounds) throws
        -> StagedTest.Finding
    {
        try #require(StagedTest().evaluate([series(stages, bounds)]).first)
    }

    @Test("lets a quiet case pass at the first look")
    func passesAtOnce() throws {
        let finding = try finding(quiet)
        #expect(finding.outcome == .passed && finding.stage == 1 && finding.blocks == 10)
        #expect(finding.adjusted_p == nil && !finding.isImprovement)
        #expect(abs(try #require(finding.effect)) < 1e-9)
        #expect(try #require(finding.p) > 0.5)
        let interval = try #require(finding.interval95)
        #expect(-0.01 < interval.low && interval.low < 0 && 0 < interval.high && interval.high < 0.01)
        #expect(finding.level == 0.1)
    }

    @Test("suspects a case that looks slower, and one too noisy to exclude it")
    func suspects() throws {
        let slower = try finding(blocks(10, around: 0.01, spread: 0.01))
        #expect(slower.outcome == .open(stage: 2) && slower.p.map { $0 <= 0.1 } == true)
        let noisy = try finding(blocks(10, around: 0, spread: 0.1))
        #expect(noisy.outcome == .open(stage: 2) && noisy.p.map { $0 > 0.1 } == true)
        let barelyQuiet = try finding(blocks(10, around: 0.01, spread: 0.05))
        #expect(barelyQuiet.outcome == .open(stage: 2), "the bound, not the estimate, must be tolerable")
    }

    @Test("convicts at the second look by its blocks alone")
    func convicts() throws {
        let slower = blocks(24, around: 0.05, spread: 0.02)
        let finding = try finding(suspect, slower)
        #expect(finding.outcome == .regression && finding.stage == 2 && finding.blocks == 24)
        #expect(finding.p == SignedRank(slower).pGreater && finding.adjusted_p == finding.p)
        #expect(abs(try #require(finding.effect) - 0.05) < 1e-6)
        let acquitted = try self.finding(
            blocks(10, around: 0.5, spread: 0.01), blocks(24, around: 0, spread: 0.02))
        #expect(acquitted.outcome == .passed && acquitted.stage == 2, "the first look is no evidence")
    }

    @Test("a slow-down that is proved and too small is no regression")
    func smallEffect() throws {
        let tolerable = try finding(suspect, blocks(24, around: 0.02, spread: 0.005))
        #expect(tolerable.outcome == .passed && tolerable.adjusted_p.map { $0 < 0.0005 } == true)
        let strict = Bounds(tolerance: 0.03, minimumEffect: 0.03)
        let open = try finding(suspect, blocks(24, around: 0.027, spread: 0.025), bounds: strict)
        #expect(open.outcome == .open(stage: 3), "not small for sure either")
        #expect(open.adjusted_p.map { $0 < 0.0005 } == true)
    }

    @Test("pools the second and third stage for the last look")
    func lastLook() throws {
        let second = blocks(24, around: 0.036, spread: 0.06)
        #expect(try finding(suspect, second).outcome == .open(stage: 3))
        let third = blocks(36, around: 0.036, spread: 0.06)
        let finding = try finding(suspect, second, third)
        #expect(finding.outcome == .regression && finding.stage == 3 && finding.blocks == 60)
        #expect(finding.p == SignedRank(second + third).pGreater)
        #expect(try self.finding(suspect, second, blocks(36, around: -0.02, spread: 0.03)).outcome == .passed)
    }

    @Test("is inconclusive when the last look proves neither")
    func inconclusive() throws {
        let finding = try finding(
            suspect, blocks(24, around: 0.02, spread: 0.2), blocks(36, around: 0.02, spread: 0.2))
        #expect(finding.outcome == .inconclusive && finding.stage == 3)
        #expect(finding.level == 0.0005)
    }

    @Test("leaves open what has no complete stage, and says what it had")
    func exhausted() throws {
        let nothing = try finding()
        #expect(nothing.outcome == .open(stage: 1) && nothing.effect == nil && nothing.blocks == 0)
        let begun = try finding(blocks(9, around: 0, spread: 0.01))
        #expect(begun.outcome == .open(stage: 1) && begun.blocks == 9)
        let second = try finding(suspect, blocks(23, around: 0.05, spread: 0.02))
        #expect(second.outcome == .open(stage: 2) && second.stage == 1 && second.blocks == 10)
        let third = try finding(suspect, blocks(24, around: 0.036, spread: 0.06), Array(suspect.prefix(35)))
        #expect(third.outcome == .open(stage: 3) && third.stage == 2 && third.blocks == 24)
    }

    @Test("blocks beyond the rules change nothing")
    func surplus() throws {
        #expect(try finding(quiet + [9, 9, 9, 9, 9, 9, 9, 9, 9]) == finding(quiet))
    }

    @Test("counts every candidate in each later look, measured or not")
    func familySize() throws {
        let slower = blocks(24, around: 0.05, spread: 0.02)
        let undecided = blocks(24, around: 0.036, spread: 0.06)
        let third = blocks(36, around: 0.036, spread: 0.06)
        let findings = StagedTest().evaluate([
            series([quiet]), series([suspect, slower]), series([suspect]),
            series([suspect, undecided, third]), series([suspect, slower]),
        ])
        #expect(
            findings.map(\.outcome) == [.passed, .regression, .open(stage: 2), .regression, .regression])
        let p = findings.compactMap(\.p)
        // Four candidates; of two equal p the second may not be below the first.
        #expect(findings[1].adjusted_p == 4 * p[1] && findings[4].adjusted_p == 4 * p[4])
        #expect(findings[3].adjusted_p == 4 * p[3], "the original number, though only one is left")
        #expect(findings[2].adjusted_p == nil)
        let doubtful = series([suspect, blocks(24, around: 0.04, spread: 0.045)])
        #expect(StagedTest().evaluate([doubtful])[0].outcome == .regression)
        let crowd = StagedTest().evaluate([doubtful] + (0..<30).map { _ in series([suspect]) })
        #expect(crowd[0].outcome == .open(stage: 3))
    }

    @Test("reports an improvement, which decides nothing")
    func improvement() throws {
        let faster = try finding(blocks(10, around: -0.05, spread: 0.02))
        #expect(faster.outcome == .passed && faster.isImprovement)
        #expect(try !finding(blocks(10, around: -0.02, spread: 0.005)).isImprovement, "too small")
        #expect(try !finding(blocks(10, around: -0.05, spread: 0.04)).isImprovement, "not proved")
    }
}

@Suite("Staged test on equal builds")
struct StagedTestNullTests {
    /// How many of 2000 families of equal cases have an alarm; blocks are drawn as far as they are wanted.
    private func alarms(_ rules: StagedTest.Rules, cases: Int, spread: Double, minimumEffect: Double) -> Int {
        var random = SeededSource(state: 20)
        let bounds = StagedTest.Tolerance(tolerance: 0.05, minimumEffect: minimumEffect)
        let test = StagedTest(rules: rules)
        return (0..<2000).count { _ in
            var family: [StagedTest.Series] = []
            for _ in 0..<cases {
                var stages = [rules.blocks[0], 0, 0].map { (0..<$0).map { _ in spread * random.normal() } }
                let series = StagedTest.Series(bounds: bounds, stages: stages)
                guard test.evaluate([series])[0].outcome == .open(stage: 2) else { continue }
                for stage in 1...2 {
                    stages[stage] = (0..<rules.blocks[stage]).map { _ in spread * random.normal() }
                }
                family.append(StagedTest.Series(bounds: bounds, stages: stages))
            }
            // What passed at once is no candidate, and so changes nothing for the others.
            return test.evaluate(family).contains { $0.outcome == .regression }
        }
    }

    @Test("raises an alarm in at most 0.5 % of 2000 families")
    func defaults() {
        #expect(alarms(StagedTest.Rules(), cases: 4, spread: 0.04, minimumEffect: 0.03) <= 10)
    }

    @Test("keeps the level of the whole run, and uses it")
    func level() {
        // All cases are too noisy to pass, and any effect counts.
        let rules = StagedTest.Rules(blocks: [8, 12, 16], alpha: 0.1)
        let alarms = alarms(rules, cases: 4, spread: 0.3, minimumEffect: 0)
        // Of two looks at 5 %, the second sees the blocks of the first again: about 8 %, in no case more than 10 %.
        #expect(120...200 ~= alarms, "\(alarms) of 2000")
    }
}
