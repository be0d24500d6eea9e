import AuthStatistics
import Testing

@testable import AuthGate
@testable import AuthVerdict

@Suite("Verdict of a comparison")
struct VerdictReportTests {
    private func report(
        _ rows: [VerdictRow.Verdict], findings: [VerdictReport.Finding] = [], isAdvisory: Bool = false
    ) -> VerdictReport {
        .example(rows.map { .example($0) }, findings: findings, isAdvisory: isAdvisory)
    }

    @Test(
        "follows from the rows, the gravest deciding",
        arguments: [
            ([.pass, .pass, .improvement, .notGated, .advisory], .pass),
            ([.pass, .inconclusive], .inconclusive),
            ([.pass, .inconclusive, .regression], .regression), ([.regression, .wrong, .pass], .wrong),
            ([.improvement], .pass),
        ] as [([VerdictRow.Verdict], VerdictReport.Verdict)])
    func verdict(rows: [VerdictRow.Verdict], expected: VerdictReport.Verdict) {
        #expect(report(rows).verdict == expected)
        #expect(report(rows.reversed()).verdict == expected)
    }

    @Test("is never a pass where no row was judged")
    func nothing() {
        for rows in [[], [.notGated], [.advisory], [.advisory, .notGated]] as [[VerdictRow.Verdict]] {
            #expect(report(rows).verdict == .nothing)
            #expect(!report(rows).reasons.isEmpty)
        }
        #expect(report([.notGated], isAdvisory: true).verdict == .nothing)
        #expect(report([.wrong]).verdict == .wrong)
    }

    @Test("follows from what holds for the whole before what the rows say, wrong decisions excepted")
    func findings() {
        let noisy = VerdictReport.Finding(.inconclusive, "a quarter of the blocks was disturbed")
        let broken = VerdictReport.Finding(.error, "the head crashed")
        #expect(report([.regression], findings: [noisy]).verdict == .inconclusive)
        #expect(report([.pass], findings: [noisy, broken]).verdict == .error)
        #expect(report([.wrong], findings: [broken]).verdict == .wrong)
        #expect(report([], findings: [broken]).verdict == .error)
        #expect(report([.pass], findings: [.init(.incomparable, "another trace")]).verdict == .incomparable)
        #expect(report([.pass], findings: [noisy]).reasons.first == noisy.reason)
    }

    @Test("a doubtful run proves nothing that is timed, but what is counted stays counted")
    func doubtful() throws {
        let noisy = VerdictReport.Finding(.inconclusive, "the machine was not the same")
        var counted = VerdictRow.example(.regression, metric: "credential_bytes")
        counted.n = nil
        let timed = VerdictReport.example([.example(.regression), .example(.pass)], findings: [noisy])
        #expect(timed.rows.map(\.verdict) == [.inconclusive, .inconclusive])
        #expect(timed.rows[0].why.hasPrefix("would be regression"))
        #expect(!(try VerdictFormat.junit.text(timed)).contains("<failure"))
        let both = VerdictReport.example([.example(.regression), counted], findings: [noisy])
        #expect(both.verdict == .regression)
        #expect(both.rows.map(\.verdict) == [.regression, .inconclusive])
    }

    @Test("is advice where it is advisory, and only wrong decisions remain")
    func advisory() {
        let advice = report([.regression, .pass, .inconclusive, .notGated], isAdvisory: true)
        #expect(advice.verdict == .advisory)
        #expect(advice.rows.map(\.verdict) == [.advisory, .advisory, .advisory, .notGated])
        #expect(advice.rows[0].why.hasPrefix("would be regression"))
        #expect(report([.wrong, .pass], isAdvisory: true).verdict == .wrong)
    }

    @Test("gives the gravest reasons first, and one line for all that is inconclusive")
    func reasons() {
        let reasons = report([.inconclusive, .pass, .wrong, .inconclusive, .regression]).reasons
        #expect(reasons.count == 3)
        #expect(reasons[0].contains("wrong because") && reasons[1].contains("regression because"))
        #expect(reasons[2].hasPrefix("2 of 5 rows are inconclusive"))
    }
}

extension VerdictRow {
    static func example(_ verdict: Verdict, metric: String = "p50_ns") -> Self {
        Self(
            strategy: "hs256-jwt", workload: "mixed", operation: "login", clients: 8, metric: metric,
            base: 1000, head: 1100, change: 0.1, interval: Interval(low: 0.08, high: 0.123), p: 0.001,
            adjusted_p: 0.01, n: 24, sigma_b: 0.02, mde: 0.023, stage: 2, verdict: verdict,
            why: verdict == .pass ? "" : "\(verdict.rawValue) because")
    }
}

extension VerdictReport {
    static func example(
        _ rows: [VerdictRow], findings: [Finding] = [], isAdvisory: Bool = false
    ) -> Self {
        Self(
            title: "example", base: "a", head: "b", rows: rows, findings: findings,
            notes: [("seed", "1"), ("steal", "0.1 %")], isAdvisory: isAdvisory)
    }
}
