import AuthCore

/// How one requirement came out for one strategy.
public struct Finding: Sendable, Equatable, Codable {
    public enum Verdict: Sendable, Equatable, Codable {
        /// With how many cases it was tried.
        case passed(cases: Int)
        /// The first thing that was not as required.
        case failed(String)
        /// What kept its trial from coming to an end, by no fault that is proved: a store that failed, a crash, no answer.
        case broken(String)
        /// Why this kit did not try it, though it may ask something.
        case notTried(String)
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
    package init(_ requirement: Requirement, of strategy: String, _ verdict: Verdict) {
        self.init(
            strategy: strategy, requirement: requirement.id, title: requirement.title, verdict: verdict)
    }

    /// What the requirements under which a published bug is tried came to.
    init(_ bug: PublishedBug, from findings: [Self], of strategy: String) {
        let own = findings.filter { bug.requirements.contains($0.requirement) }
        self.init(
            strategy: strategy, requirement: bug.id, title: bug.title,
            verdict: own.map { $0.inherited }.max { $0.rank < $1.rank } ?? .notTried("no such requirement"))
        let cases = own.reduce(0) { if case .passed(let cases) = $1.verdict { $0 + cases } else { $0 } }
        if case .passed = verdict { verdict = .passed(cases: cases) }
    }

    /// The verdict with the requirement's name before its reason.
    private var inherited: Verdict {
        switch verdict {
        case .passed(let cases): .passed(cases: cases)
        case .failed(let text): .failed("\(requirement): \(text)")
        case .broken(let text): .broken("\(requirement): \(text)")
        case .notTried(let text): .notTried("\(requirement): \(text)")
        case .notApplicable(let text): .notApplicable("\(requirement): \(text)")
        }
    }
}

extension Finding.Verdict {
    /// Of several requirements of one bug, the verdict that counts.
    fileprivate var rank: Int {
        switch self {
        case .failed: 4
        case .broken: 3
        case .passed: 2
        case .notTried: 1
        case .notApplicable: 0
        }
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

/// What may ask something of the strategy, and why the kit cannot try it.
struct NotTried: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// What ends the trial of a strategy, all that is left of it too: a store that failed, or no pace to go on with.
struct Halt: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
