import AuthCore
import Synchronization

extension Trial where S: ~Copyable {
    /// Tries every token of the corpus on the strategy.
    ///
    /// - Parameter longest_bytes: of what is put into a token to make it large.
    /// - Returns: for each requirement what it came to.
    /// - Throws: what keeps the strategy from being tried at all.
    mutating func tokenVerdicts(longest_bytes: Int) throws -> [String: Finding.Verdict] {
        let credential = try here.login(alice, at: start)
        guard let genuine = GenuineToken(credential.headerLine), try here.signOctets([]) != nil else {
            return [:]
        }
        let signer = Mutexed(try S(sharing: shared))
        var corpus = try TokenCorpus(
            genuine, policy: environment.policy, publicKey: here.verificationKey,
            signature: { octets in try signer.value.withLock { try $0.signOctets(octets) ?? [] } })
        try corpus.addSizes(upTo: longest_bytes)
        var verdicts: [String: Finding.Verdict] = [:]
        var counts: [String: Int] = [:]
        for token in corpus.tokens {
            counts[token.requirement, default: 0] += 1
            do {
                let what = "\(token.id), \(token.what)"
                if token.isControl {
                    try mustAccept(token.line, what)
                } else {
                    try mustRefuse(token.line, what)
                }
            } catch let breach as Breach {
                if verdicts[token.requirement] == nil { verdicts[token.requirement] = .failed(breach.text) }
            }
        }
        for (requirement, count) in counts where verdicts[requirement] == nil {
            verdicts[requirement] = .passed(cases: count)
        }
        let isSound = verdicts.values.allSatisfy { if case .failed = $0 { false } else { true } }
        verdicts["JWT-33"] =
            isSound ? .passed(cases: corpus.tokens.count) : .failed("not every refusal was a decision")
        return verdicts
    }

    /// JWT-36: what a token says of the sign-in stays the same through every renewal (RFC 9068 section 2.2.1).
    mutating func checkSignInTime() throws {
        let names = ["auth_time", "acr", "amr"]
        let first = try here.login(alice, at: start)
        guard let signedIn = GenuineToken(first.headerLine)?.texts(of: names) else {
            throw NotApplicable("the credential is no compact JWS")
        }
        let begin = String(start.seconds)
        try require(
            signedIn[0] ?? begin == begin,
            "auth_time is \(signedIn[0] ?? ""), and the sign-in was at \(begin)")
        let (step_ms, grace_ms) = (lifetimes.shortest_ms / 4, lifetimes.refreshGrace_ms)
        let once = start.advanced(byMilliseconds: step_ms)
        guard case .renewed(let second) = try here.renew(first, at: once) else {
            throw NotApplicable("a token is not renewed")
        }
        var fresh = [second]
        // The answer may have been lost, and be asked for again: before the new token is used, or it is reuse.
        let again = once.advanced(byMilliseconds: grace_ms / 2)
        if case .renewed(let third) = try there.renew(first, at: again) { fresh.append(third) }
        fresh.append(try renewed(second, at: once.advanced(byMilliseconds: step_ms)))
        for credential in fresh {
            let texts = GenuineToken(credential.headerLine)?.texts(of: names)
            for (index, name) in names.enumerated() where texts?[index] != signedIn[index] {
                throw Breach(
                    "\(name) was \(signedIn[index] ?? "absent") at the sign-in, and is "
                        + "\(texts?[index] ?? "absent") in a renewed token")
            }
            cases += 1
        }
    }

    /// Why a requirement of tokens has no case in the corpus.
    static func tokenReason(_ requirement: String) -> String {
        switch requirement {
        case "JWT-18": "the strategy makes its key itself and takes none"
        case "JWT-19": "no RSA key"
        case "JWT-20": "no elliptic curve"
        case "JWT-21", "JWT-22": "one key of one use, no key set"
        case "JWT-34": "one key for a run"
        default: "no case"
        }
    }
}
