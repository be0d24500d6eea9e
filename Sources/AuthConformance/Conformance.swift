import AuthCore
import Backends

/// Tries strategies against the checklist of what a security engineer would sign.
public enum Conformance {
    /// Tries one strategy in an environment of its own, in this process.
    ///
    /// What ends the process or never comes back ends or holds up the caller; `authbench conform` has a process for each.
    ///
    /// - Parameters:
    ///   - strategy: any strategy; what asks nothing of it by its promises is said so.
    ///   - environment: with stores that nothing else uses.
    /// - Returns: a finding for each requirement, in the order of the checklist.
    public static func check(
        _ strategy: any (AuthStrategy & ~Copyable).Type, in environment: Environment
    ) -> [Finding] {
        check(strategy, in: environment, longestToken_bytes: longestToken_bytes)
    }

    package static let longestToken_bytes = 16 << 20

    /// The same with a watch of the caller's, who is told when a requirement's turn comes and what it came to.
    ///
    /// - Parameters:
    ///   - strategy: any strategy.
    ///   - environment: with stores that nothing else uses.
    ///   - longestToken_bytes: of hostile tokens, where time matters more than the largest.
    ///   - watch: sees every call of the strategy.
    ///   - isWanted: whether a requirement is to be tried, for tests of a single one.
    ///   - report: called before and after each requirement.
    /// - Returns: a finding for each requirement, in the order of the checklist.
    package static func check(
        _ strategy: any (AuthStrategy & ~Copyable).Type, in environment: Environment, longestToken_bytes: Int,
        watch: Watch = Watch(), only isWanted: (String) -> Bool = { _ in true },
        report: (Event) -> Void = { _ in }
    ) -> [Finding] {
        var findings: [Finding] = []
        let end = strategy.tryAll(in: environment, longestToken_bytes, watch, isWanted) { event in
            if case .finds(let finding) = event { findings.append(finding) }
            report(event)
        }
        return complete(
            findings, of: strategy.descriptor(under: environment.policy).id, end: end)
    }

    package enum Event {
        case begins(requirement: String)
        case finds(Finding)
    }

    /// How a trial ended before its time.
    package struct End: Sendable {
        /// The requirement that was being tried.
        var requirement: String
        var reason: String

        package init(requirement: String, reason: String) {
            (self.requirement, self.reason) = (requirement, reason)
        }
    }

    /// Adds what was not found because the trial ended early, and what follows for published bugs.
    package static func complete(_ findings: [Finding], of strategy: String, end: End?) -> [Finding] {
        var found = Dictionary(findings.map { ($0.requirement, $0) }) { first, _ in first }
        if let end, found[end.requirement] == nil {
            let requirement = Requirement.all.first { $0.id == end.requirement } ?? Requirement.all[0]
            found[requirement.id] = Finding(requirement, of: strategy, .broken(end.reason))
        }
        let all = Requirement.all.map { requirement in
            found[requirement.id]
                ?? Finding(
                    requirement, of: strategy,
                    .notTried("the trial ended with \(end?.requirement ?? "its process")"))
        }
        return all + PublishedBug.all.map { Finding($0, from: all, of: strategy) }
    }
}

extension AuthStrategy where Self: ~Copyable {
    /// Tries every requirement in turn.
    ///
    /// - Returns: what ended the trial early, if anything did.
    fileprivate static func tryAll(
        in environment: Environment, _ longestToken_bytes: Int, _ watch: Watch,
        _ isWanted: (String) -> Bool, _ report: (Conformance.Event) -> Void
    ) -> Conformance.End? {
        let (first, descriptor) = (Requirement.all[0], descriptor(under: environment.policy))
        report(.begins(requirement: first.id))
        var trial: Trial<Self>
        do {
            trial = try Trial(
                Self.self, in: environment, watch: watch, longestToken_bytes: longestToken_bytes)
        } catch {
            let text = "nobody could sign in: \(error)"
            if !isOutage(error) { report(.finds(Finding(first, of: descriptor.id, .failed(text)))) }
            return Conformance.End(requirement: first.id, reason: text)
        }
        for requirement in Requirement.all where isWanted(requirement.id) {
            report(.begins(requirement: requirement.id))
            do {
                let verdict = try trial.verdict(of: requirement)
                report(.finds(Finding(requirement, of: descriptor.id, verdict)))
            } catch { return Conformance.End(requirement: requirement.id, reason: error.reason) }
        }
        return nil
    }
}

extension Trial where S: ~Copyable {
    /// Tries one requirement.
    ///
    /// - Throws: what keeps all others from being tried too.
    fileprivate mutating func verdict(of requirement: Requirement) throws(HaltError) -> Finding.Verdict {
        let exemption = promises.descriptor.exemptions[requirement.id]
        if let objection = promises.objection(to: requirement.ground) {
            return .notApplicable(exemption ?? objection)
        }
        cases = 0
        let touchFailures = here.touchFailures + there.touchFailures
        do {
            try perform(requirement)
            return .passed(cases: cases)
        } catch let breach as BreachError {
            // What a store lost was said by nobody, and may be all that is wrong.
            guard here.touchFailures + there.touchFailures == touchFailures else {
                throw HaltError("the store failed to write a last-seen moment, and then: \(breach.text)")
            }
            return .failed(breach.text)
        } catch let reason as NotApplicableError {
            return .notApplicable(exemption ?? reason.reason)
        } catch let reason as NotTriedError {
            return exemption.map { .notApplicable($0) } ?? .notTried(reason.reason)
        } catch let halt as HaltError {
            throw halt
        } catch  where isOutage(error) {
            throw HaltError("the store failed: \(error)")
        } catch { return .failed("an error: \(error)") }
    }

    private mutating func perform(_ requirement: Requirement) throws {
        switch requirement.check {
        case .credential(let check): try self.check(check)
        case .token(let check): try self.check(check, of: requirement.id)
        case .session(let check): try self.check(check)
        case .refresh(let check): try self.check(check)
        case .revocation(let check): try self.check(check)
        case .introspection(let check): try self.check(check)
        case .untried(let reason): throw NotTriedError(reason)
        }
    }
}

/// A bug that another library shipped, and the requirements under which the kit tries it.
public struct PublishedBug: Sendable {
    public var id: String
    public var title: String
    public var requirements: [String]

    init(_ id: String, _ title: String, _ requirements: String...) {
        self.id = id
        self.title = title
        self.requirements = requirements
    }

    public static let all = [
        Self("CVE-2015-9235", "none, and RS256 taken for HS256", "JWT-09", "JWT-10"),
        Self("CVE-2018-0114", "a key embedded in the header is trusted", "JWT-13"),
        Self("CVE-2026-27962", "a key embedded in the header is trusted", "JWT-13"),
        Self("CVE-2020-28042", "an empty signature is accepted", "JWT-17"),
        Self("CVE-2020-26160", "a list for an audience goes unchecked", "JWT-28"),
        Self("CVE-2022-21449", "ECDSA with r = s = 0 is accepted", "JWT-20"),
        Self("CVE-2023-22482", "the audience is never checked", "JWT-28"),
        Self("CVE-2023-48238", "the algorithm is taken from the header", "JWT-08", "JWT-10"),
        Self("CVE-2026-22817", "the algorithm is taken from the header", "JWT-08", "JWT-10"),
        Self("CVE-2026-11800", "the algorithm is taken from the header", "JWT-08", "JWT-10"),
        Self("CVE-2026-48526", "the text of a JWK is an HMAC key", "JWT-10"),
        Self("CVE-2023-51774", "an encrypted token is taken for a signed one", "JWT-32"),
        Self("CVE-2024-53861", "the issuer is compared by containment", "JWT-29"),
        Self("CVE-2025-30204", "memory grows with the dots", "JWT-04"),
        Self("CVE-2025-61920", "segments without a limit", "JWT-03"),
        Self("CVE-2026-48525", "base64 work without a limit", "JWT-03"),
        Self("CVE-2025-59420", "an unknown critical extension is accepted", "JWT-14"),
        Self("CVE-2026-32597", "an unknown critical extension is accepted", "JWT-14"),
        Self("CVE-2026-29000", "an encrypted token around an unsigned one", "JWT-32"),
        Self("CVE-2026-56665", "no exp is valid for ever", "JWT-24"),
        Self("CVE-2019-20933", "a blank HMAC secret", "JWT-10", "JWT-18"),
    ]
}
