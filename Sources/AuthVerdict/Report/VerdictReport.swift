import AuthCore
import AuthStatistics
import Backends

/// A comparison of a base with a head: its rows and what follows from them.
///
/// The verdict is calculated, never set: nothing compared cannot pass.
package struct VerdictReport: Sendable {
    /// What the exit status says.
    package enum Verdict: String, Sendable, CaseIterable {
        /// Every row that counts is proved not to be worse.
        case pass
        case regression
        /// The head decides wrongly; this outweighs whatever else happened.
        case wrong = "wrong decisions"
        /// The comparison could not be carried out.
        case error
        case inconclusive
        /// The two must not be put side by side.
        case incomparable
        case nothing = "nothing measured"
        /// Numbers to look at, of which none can fail.
        case advisory
    }

    /// What holds for the comparison as a whole, whatever its rows say: the run failed, or its harness was biased.
    package struct Finding: Sendable, Equatable {
        package var verdict: Verdict
        /// In one line.
        package var reason: String

        package init(_ verdict: Verdict, _ reason: String) {
            self.verdict = verdict
            self.reason = reason
        }
    }

    /// What is compared, for people.
    package let title: String
    package let base: String
    package let head: String
    /// The gravest first, otherwise in the order given.
    package let rows: [VerdictRow]
    package let findings: [Finding]
    /// The machine line: contamination, drift, steal, dropped blocks, seed, wall time.
    package let notes: [(name: String, value: String)]
    package let isAdvisory: Bool

    /// Makes a report; where it `isAdvisory`, every judgement of a row becomes advice, wrong decisions excepted.
    ///
    /// A finding that makes the whole inconclusive does so to every row with pairs; what is counted remains.
    package init(
        title: String, base: String, head: String, rows: [VerdictRow], findings: [Finding] = [],
        notes: [(name: String, value: String)] = [], isAdvisory: Bool = false
    ) {
        self.title = title
        self.base = base
        self.head = head
        let isDoubtful = findings.contains { $0.verdict == .inconclusive }
        let judged = rows.map { row in
            if isAdvisory { return row.weakened(to: .advisory) }
            return isDoubtful && row.n != nil ? row.weakened(to: .inconclusive) : row
        }
        let sorted = judged.enumerated().sorted {
            ($0.element.verdict.gravity, $0.offset) < ($1.element.verdict.gravity, $1.offset)
        }
        self.rows = sorted.map(\.element)
        self.findings = findings
        self.notes = notes
        self.isAdvisory = isAdvisory
    }

    package var verdict: Verdict {
        let verdicts = Set(rows.map(\.verdict))
        if verdicts.contains(.wrong) { return .wrong }
        let grave: [Verdict] = [.wrong, .error, .incomparable, .nothing]
        if let found = grave.first(where: { one in findings.contains { $0.verdict == one } }) { return found }
        if isAdvisory { return verdicts.contains(.advisory) ? .advisory : .nothing }
        let found = Set(findings.map(\.verdict))
        if verdicts.contains(.regression) || found.contains(.regression) { return .regression }
        if found.contains(.inconclusive) { return .inconclusive }
        guard verdicts.contains(where: \.isJudged) else { return .nothing }
        return verdicts.contains(.inconclusive) ? .inconclusive : .pass
    }

    /// Why, in one line each, the gravest first; many inconclusive rows are one line.
    package var reasons: [String] {
        func lines(_ verdict: VerdictRow.Verdict) -> [String] {
            rows.filter { $0.verdict == verdict }.map(\.sentence)
        }
        let open = lines(.inconclusive)
        var reasons = lines(.wrong) + findings.map(\.reason) + lines(.regression)
        if open.count > 1 {
            reasons.append("\(open.count) of \(rows.count) rows are inconclusive, the first: \(open[0])")
        } else {
            reasons += open
        }
        if reasons.isEmpty, verdict == .nothing { reasons = ["no row of the two can be compared"] }
        return reasons
    }

    /// How many rows have each verdict, the gravest first: `2 regression, 40 pass`.
    var counts: String {
        VerdictRow.Verdict.byGravity.compactMap { verdict in
            let count = rows.count { $0.verdict == verdict }
            return count > 0 ? "\(count) \(verdict.rawValue)" : nil
        }.joined(separator: ", ")
    }
}

extension VerdictRow {
    /// With a judgement that counts for less, saying what it was.
    fileprivate func weakened(to verdict: Verdict) -> Self {
        guard self.verdict.isJudged, self.verdict != verdict else { return self }
        var row = self
        row.verdict = verdict
        row.why = "would be \(self.verdict.rawValue)" + (why.isEmpty ? "" : ": \(why)")
        return row
    }

    /// The row in one line for the user.
    var sentence: String {
        let percent = change.map { " \(VerdictText.percent($0))" } ?? ""
        return "\(subject)\(percent)" + (why.isEmpty ? "" : ": \(why)")
    }
}

/// How great an effect the exact signed-rank test proves 95 times in 100, in standard deviations of one pair.
///
/// With hardly more pairs than the level needs, nearly every sign must agree, and the formula for large
/// samples promises too much: 57 % were found where it says 95. So the test itself is tried on seeded normal noise:
/// an effect is proved when it exceeds what the lower bound of noise alone falls short of.
package enum ProvableEffect {
    private static let trials = 400
    /// From here on the formula is as good, and trials take long.
    private static let manyPairs = 60

    /// Calculates it for so many pairs; `nil` where no effect of any size can be proved.
    package static func deviations(pairs: Int, level: Double) -> Double? {
        guard pairs < manyPairs else {
            return DetectableEffect.minimum(sigma_b: 1, blocks: pairs, level: level)
        }
        var random = RandomSource(seed: 1)
        let bounds = (0..<trials).compactMap { _ in
            let noise = (0..<pairs).map { _ in
                Normal.quantile(.random(in: Double.leastNonzeroMagnitude..<1, using: &random))
            }
            return HodgesLehmann(noise)?.lowerBound(level: level)
        }
        return bounds.count == trials ? -bounds.sorted()[trials / 20] : nil
    }
}
