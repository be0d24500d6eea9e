import AuthCore

/// The hostile corpus as a source of probes, so that wrong accepts are counted under load too.
public struct HostileCorpus: HostileSource {
    public init() {}

    /// Those of the corpus that are no longer than a genuine line: a run that kept those of megabytes would measure
    /// with them in its memory.
    public func lines<S: AuthStrategy & ~Copyable>(
        for strategy: S.Type, sharing shared: S.Shared, policy: Policy
    ) throws -> [[UInt8]] {
        var client = try S(sharing: shared)
        let credential = try client.login(.specimen, at: .traceStart)
        try client.logout(credential, at: .traceStart)
        let longest = credential.headerLine.count
        guard S.descriptor.transport != .none else { return [] }
        guard let genuine = GenuineToken(credential.headerLine), try client.signOctets([]) != nil else {
            let (cookies, line) = (
                HostileCookies(credential.headerLine), CredentialLine(credential.headerLine)
            )
            let bent = (line.bent + line.misplaced).map(\.line)
            return (cookies.malformed + cookies.doubled + bent).filter { $0.count <= longest }
        }
        let signer = Mutexed(client)
        let corpus = try TokenCorpus(
            genuine, policy: policy, publicKey: signer.value.withLock { $0.verificationKey },
            signature: { octets in try signer.value.withLock { try $0.signOctets(octets) ?? [] } })
        // What is not good yet becomes good as the trace's clock goes on.
        return corpus.tokens.filter {
            !$0.isControl && $0.requirement != "JWT-26" && $0.line.count <= longest
        }
        .map(\.line)
    }
}
