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
        let credential = try client.login(.sample, at: .traceStart)
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

/// The hostile identifiers made from a live one (section NEG-O of the corpus), and what only a cookie can have.
struct HostileCookies {
    /// Identifiers of another form than those that are minted.
    let malformed: [[UInt8]]
    /// Two cookies of the name in one line.
    let doubled: [[UInt8]]
    /// The genuine cookie between others, which is no fault.
    let amongOthers: [UInt8]?

    init(_ genuine: [UInt8]) {
        let credential = CredentialLine(genuine)
        let (prefix, good) = (credential.prefix, credential.secret)
        func ended(_ byte: UInt8) -> [UInt8] { good.dropLast() + [byte] }
        let values: [[UInt8]] = [
            [], good + [65], Array(good.dropLast()), Array(good.dropFirst(20)), good.map { _ in 0 }, ended(0),
            ended(UInt8(ascii: "/")), ended(UInt8(ascii: "*")), ended(UInt8(ascii: "=")), ended(0xFF),
            Array("*".utf8), Array("' OR '1'='1".utf8), Array("x\r\nDEL session".utf8),
            Array("../../etc/passwd".utf8), good + good,
            Array(repeating: UInt8(ascii: "A"), count: 1_000_000),
        ]
        malformed = values.map { prefix + $0 }
        let field = Array("Cookie: ".utf8)
        guard genuine.starts(with: field), prefix.last == UInt8(ascii: "=") else {
            (doubled, amongOthers) = ([], nil)
            return
        }
        let name = Array(prefix.dropFirst(field.count))
        let pair = name + good
        let others = [
            good + Array("; ".utf8) + pair, Array("x; ".utf8) + pair, good + Array("; ".utf8) + name + [120],
        ]
        doubled = others.map { prefix + $0 }
        amongOthers = Array("Cookie: a=b; ".utf8) + pair + Array("; c=d".utf8)
    }
}
