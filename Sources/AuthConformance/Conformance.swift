import AuthCore

/// Tries strategies against the checklist of what a security engineer would sign.
public enum Conformance {
    /// Tries one strategy in an environment of its own.
    ///
    /// - Parameters:
    ///   - strategy: any strategy; what does not apply to its kind is said so.
    ///   - environment: with stores that nothing else uses.
    /// - Returns: a finding for each requirement, in the order of the checklist.
    /// - Throws: what keeps the strategy from being tried at all, such as a store that is down.
    public static func check(
        _ strategy: any (AuthStrategy & ~Copyable).Type, in environment: Environment
    ) throws -> [Finding] {
        try check(strategy, in: environment, longestToken_bytes: 16 << 20)
    }

    /// The same with hostile tokens of at most so many bytes, where time matters more than the largest.
    package static func check(
        _ strategy: any (AuthStrategy & ~Copyable).Type, in environment: Environment, longestToken_bytes: Int
    ) throws -> [Finding] {
        try strategy.conformanceFindings(in: environment, longestToken_bytes)
    }
}

extension AuthStrategy where Self: ~Copyable {
    fileprivate static func conformanceFindings(
        in environment: Environment, _ longestToken_bytes: Int
    ) throws -> [Finding] {
        var trial = try Trial(Self.self, in: environment)
        let specimen = try trial.here.login(trial.alice, at: trial.start)
        let tokenVerdicts =
            descriptor.transport == .bearer ? try trial.tokenVerdicts(longest_bytes: longestToken_bytes) : [:]
        let isFloor = descriptor.transport == .none
        let findings = try Requirement.all.map { requirement in
            let verdict: Finding.Verdict
            let kind = requirement.id.prefix(3)
            if isFloor {
                verdict = .notApplicable("the harness's own floor authenticates nobody")
            } else if kind == "JWT", descriptor.transport != .bearer {
                verdict = .notApplicable("the credential is no token")
            } else if kind == "JWT", requirement.id != "JWT-36" {
                let reason =
                    tokenVerdicts.isEmpty
                    ? "the strategy signs nothing for the kit" : Trial<Self>.tokenReason(requirement.id)
                verdict = tokenVerdicts[requirement.id] ?? .notApplicable(reason)
            } else if kind == "SES", descriptor.transport != .cookie {
                verdict = .notApplicable("no session")
            } else if kind == "REF", specimen.refreshToken.isEmpty {
                verdict = .notApplicable("no refresh token")
            } else if kind == "REV" {
                verdict = .notApplicable("no denylist and no epoch")
            } else {
                verdict = try trial.verdict(of: requirement.id)
            }
            return Finding(
                strategy: descriptor.id, requirement: requirement.id, title: requirement.title,
                verdict: verdict)
        }
        return findings + PublishedBug.all.map { Finding($0, from: findings, of: descriptor.id) }
    }
}

extension Trial where S: ~Copyable {
    fileprivate mutating func verdict(of requirement: String) throws -> Finding.Verdict {
        cases = 0
        do {
            switch requirement.prefix(3) {
            case "JWT": try checkSignInTime()
            case "SES": try checkSession(requirement)
            case "REF": try checkRefresh(requirement)
            default: try checkIdempotentLogout()
            }
            return .passed(cases: cases)
        } catch let breach as Breach {
            return .failed(breach.text)
        } catch let reason as NotApplicable {
            return .notApplicable(reason.reason)
        }
    }
}
