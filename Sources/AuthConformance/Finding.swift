import AuthCore

/// How one requirement came out for one strategy.
public struct Finding: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        /// With how many cases it was tried.
        case passed(cases: Int)
        /// The first thing that was not as required.
        case failed(String)
        /// Why it asks nothing of this strategy.
        case notApplicable(String)
    }

    public var strategy: String
    /// As in the checklist: `JWT-24`.
    public var requirement: String
    public var title: String
    public var verdict: Verdict
}

extension Finding {
    /// What the requirements under which a published bug is tried came to.
    init(_ bug: PublishedBug, from findings: [Self], of strategy: String) {
        let own = findings.filter { bug.requirements.contains($0.requirement) }
        self.init(
            strategy: strategy, requirement: bug.id, title: bug.title,
            verdict: .notApplicable("no \(bug.requirements.joined(separator: ", "))"))
        var cases = 0
        for finding in own {
            switch finding.verdict {
            case .failed(let text):
                verdict = .failed("\(finding.requirement): \(text)")
                return
            case .passed(let count): cases += count
            case .notApplicable: break
            }
        }
        if cases > 0 { verdict = .passed(cases: cases) }
    }
}

/// A breach of a requirement, thrown by the check that finds it.
struct Breach: Error {
    var text: String

    init(_ text: String) { self.text = text }
}

/// What asks nothing of the strategy at hand, and why.
struct NotApplicable: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
