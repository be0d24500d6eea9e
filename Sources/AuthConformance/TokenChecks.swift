import AuthCore
import Synchronization

/// What is asked of signed tokens, and of bearer tokens of any kind.
enum TokenCheck: Sendable {
    /// What the corpus of hostile tokens has under the requirement's name.
    case corpus
    case decisions, bearerLines, legalForms, signInTime, keyRotation
    /// What others can do with a token, or with the key that checks it.
    case readableClaims, verifierPower
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: TokenCheck, of requirement: String) throws {
        switch check {
        case .corpus: try checkCorpus(requirement)
        case .decisions: try checkCorpus(Self.errors)
        case .bearerLines: try checkBearerLines()
        case .legalForms: try checkLegalForms()
        case .signInTime: try checkSignInTime()
        case .keyRotation: try checkKeyRotation()
        case .readableClaims: try checkReadableClaims()
        case .verifierPower: try checkVerifierPower()
        }
    }

    /// In the place of a requirement: what was answered with an error instead of a decision.
    private static var errors: String { "errors" }

    private mutating func checkCorpus(_ requirement: String) throws {
        let verdicts = try corpusVerdicts ?? tryCorpus()
        corpusVerdicts = verdicts
        switch verdicts[requirement] {
        case .passed(let count): cases = count
        case .failed(let text): throw BreachError(text)
        case nil where requirement == "JWT-19" || requirement == "JWT-20":
            let algorithm = try corpus().algorithm
            throw NotApplicableError("its tokens say alg \(algorithm)")
        case nil, .broken, .notTried, .notApplicable: throw NotTriedError("the corpus has no case of it")
        }
    }

    /// The hostile tokens of this strategy.
    private mutating func corpus() throws -> TokenCorpus { try corpus(of: try here.login(alice, at: start)) }

    /// Those that are made of one credential.
    mutating func corpus(of credential: Credential) throws -> TokenCorpus {
        guard let genuine = GenuineToken(credential.headerLine) else {
            throw NotTriedError(
                "the credential is no compact JWS, the only form that the kit knows how to forge")
        }
        guard promises.canSign else { throw NotTriedError("signOctets signs nothing for the kit") }
        let signer = Mutexed(try Watched<S>(sharing: shared))
        return try TokenCorpus(
            genuine, policy: environment.policy, publicKey: here.verificationKey,
            signature: { octets in try signer.value.withLock { try $0.signOctets(octets) ?? [] } })
    }

    /// Tries every token of the corpus on the strategy.
    ///
    /// - Returns: for each requirement what it came to.
    private mutating func tryCorpus() throws -> [String: Finding.Verdict] {
        var corpus = try corpus()
        try corpus.addSizes(upTo: longestToken_bytes)
        var verdicts: [String: Finding.Verdict] = [:]
        var counts: [String: Int] = [:]
        for (index, token) in corpus.tokens.enumerated() {
            let what = "\(token.id), \(token.what)"
            counts[token.requirement, default: 0] += 1
            counts[Self.errors, default: 0] += 1
            let decision: Decision
            do { decision = try decide(try line(of: token, at: index)) } catch let breach as BreachError {
                for name in [token.requirement, Self.errors] where verdicts[name] == nil {
                    verdicts[name] = .failed("\(what): \(breach.text)")
                }
                continue
            }
            let isRight =
                if case .refused = decision { !token.isControl } else {
                    decision == .accepted(alice) && token.isControl
                }
            guard !isRight, verdicts[token.requirement] == nil else { continue }
            verdicts[token.requirement] = .failed(
                token.isControl ? "\(what): \(decision), though it is good" : "\(what): accepted")
        }
        for (requirement, count) in counts where verdicts[requirement] == nil {
            verdicts[requirement] = .passed(cases: count)
        }
        return verdicts
    }

    /// Where a request uses a token up, a control is made anew of another one.
    private mutating func line(of token: HostileToken, at index: Int) throws -> [UInt8] {
        guard token.isControl, isForOneUse else { return token.line }
        var corpus = try corpus()
        if index >= corpus.tokens.count { try corpus.addSizes(upTo: longestToken_bytes) }
        return corpus.tokens[index].line
    }

    private mutating func checkBearerLines() throws {
        let credential = CredentialLine(try here.login(alice, at: start).headerLine)
        for line in credential.hostileBearerLines {
            try mustRefuse(Array(line.utf8), "the line \(line.prefix(28))")
        }
        for index in credential.otherCaseLines.indices {
            let line = try unused(credential).otherCaseLines[index]
            try mustAccept(Array(line.utf8), "the line \(line.prefix(24))")
        }
    }

    /// JWT-37: what RFC 6750, RFC 9110 and RFC 8259 allow is no reason to refuse.
    private mutating func checkLegalForms() throws {
        let credential = CredentialLine(try here.login(alice, at: start).headerLine)
        for index in credential.spacedLines.indices {
            let line = try unused(credential).spacedLines[index]
            try mustAccept(Array(line.utf8), "the line \(line.prefix(28))")
        }
        guard promises.canSign, GenuineToken(credential.line) != nil else { return }
        let corpus = try corpus()
        let names = ["iss", "aud", "sub", "client_id", "jti", "scope"]
        for (index, name) in names.enumerated() {
            guard let genuine = GenuineToken(try unused(credential).line) else { return }
            let text = genuine.texts(of: names)[index]
            guard let text, text.hasPrefix("\""), let first = text.dropFirst().utf8.first else { continue }
            let digits = String(first, radix: 16)
            let escaped =
                "\"\\u" + String(repeating: "0", count: 4 - digits.count) + digits + text.dropFirst(2)
            try mustAccept(
                try corpus.signed(claims: genuine.claims([name: escaped])),
                "a token whose \(name) has an escape")
        }
    }

    /// JWT-34: a new key is good at once and everywhere; the old one as long as the last token that it signed, and no longer.
    private mutating func checkKeyRotation() throws {
        guard let interval_ms = environment.policy.parameters.rotation_ms else {
            throw NotTriedError("one key for a run: NAME@rotate=15m has it rotate")
        }
        func keyID(_ credential: Credential) -> String? {
            GenuineToken(credential.headerLine)?.text(ofHeader: "kid")
        }
        // A client of its own looks for the change, so that the others come to it as they would.
        var scout = try Watched<S>(sharing: shared)
        let first = keyID(try scout.login(alice, at: start))
        var (before, after) = (start, start)
        repeat {
            before = after
            after = before.advanced(byMilliseconds: max(1, interval_ms / 16))
            try require(
                after.milliseconds(since: start) <= 2 * interval_ms,
                "new tokens still name the key of two intervals ago")
        } while keyID(try scout.login(alice, at: after)) == first
        let old = try here.login(alice, at: before)
        try require(keyID(old) == first, "two clients sign with two keys at one moment")
        // What the old key signs while it is new, for a time when it is to be gone.
        let life_ms = S.lifetime(under: environment.policy).longest_ms
        let gone = after.advanced(byMilliseconds: life_ms)
        var late: [UInt8]?
        if promises.canSign, let genuine = GenuineToken(old.headerLine) {
            func signed(_ claims: [String: String]) throws -> [UInt8] {
                let input = "\(genuine.parts[0]).\(GenuineToken.encoded(genuine.claims(claims)))"
                let signature = try here.signOctets(Array(input.utf8)) ?? []
                return genuine.line("\(input).\(GenuineToken.encoded(signature))")
            }
            try mustAccept(try signed([:]), "a token that was signed again with the key of now", at: before)
            let seconds = "\(gone.seconds)"
            late = try signed(["iat": seconds, "nbf": seconds, "exp": "\(gone.seconds + 1)"])
        }
        for name in ["a new key", "a new key, on a client of later"] {
            let fresh = try here.login(alice, at: after)
            try mustAccept(fresh.headerLine, name, at: after)
            try require(
                try decideThere(fresh.headerLine, at: after) == .accepted(alice),
                "\(name): unknown to another client")
            there = try Watched<S>(sharing: shared)
        }
        let last = before.advanced(byMilliseconds: life_ms - 1000)
        for moment in [after, last] where moment >= after {
            try mustAccept(old.headerLine, "a token of the old key that has not expired", at: moment)
            try require(
                try decideThere(old.headerLine, at: moment) == .accepted(alice),
                "a token of the old key that has not expired: refused by another client")
        }
        guard let late else { throw NotTriedError("signOctets signs nothing for the kit") }
        try mustRefuse(late, "a token that an old key signed when all of its own had expired", at: gone)
        try mustRefuseThere(late, "a token that an old key signed when all of its own had expired", at: gone)
    }

    /// JWT-36: what a token says of the sign-in stays the same through every renewal (RFC 9068 section 2.2.1).
    private mutating func checkSignInTime() throws {
        let names = ["auth_time", "acr", "amr"]
        let first = try here.login(alice, at: start)
        guard let signedIn = GenuineToken(first.headerLine)?.texts(of: names) else {
            throw NotApplicableError("the credential is no compact JWS")
        }
        let begin = String(start.seconds)
        try require(
            signedIn[0] ?? begin == begin,
            "auth_time is \(signedIn[0] ?? ""), and the sign-in was at \(begin)")
        let (step_ms, grace_ms) = (lifetimes.shortest_ms / 4, lifetimes.refreshGrace_ms)
        let once = start.advanced(byMilliseconds: step_ms)
        guard case .renewed(let second) = try here.renew(first, at: once) else {
            throw NotApplicableError("a token is not renewed")
        }
        var fresh = [second]
        // The answer may have been lost, and be asked for again: before the new token is used, or it is reuse.
        let again = once.advanced(byMilliseconds: grace_ms / 2)
        if case .renewed(let third) = try there.renew(first, at: again) { fresh.append(third) }
        fresh.append(try renewed(second, at: once.advanced(byMilliseconds: step_ms)))
        for credential in fresh {
            let texts = GenuineToken(credential.headerLine)?.texts(of: names)
            for (index, name) in names.enumerated() where texts?[index] != signedIn[index] {
                throw BreachError(
                    "\(name) was \(signedIn[index] ?? "absent") at the sign-in, and is "
                        + "\(texts?[index] ?? "absent") in a renewed token")
            }
            cases += 1
        }
    }
}
