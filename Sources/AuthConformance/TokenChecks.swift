import AuthCore
import Synchronization

extension Trial where S: ~Copyable {
    /// Tries every token of the corpus on the strategy.
    ///
    /// - Returns: for each requirement what it came to.
    mutating func tokenVerdicts() throws -> [String: Finding.Verdict] {
        let credential = try here.login(alice, at: start)
        guard let genuine = GenuineToken(credential.headerLine), try here.signOctets([]) != nil else {
            return [:]
        }
        let signer = Mutexed(try S(sharing: shared))
        var corpus = try TokenCorpus(
            genuine, policy: environment.policy, publicKey: here.verificationKey,
            signature: { octets in try signer.value.withLock { try $0.signOctets(octets) ?? [] } })
        try corpus.addSizes()
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
