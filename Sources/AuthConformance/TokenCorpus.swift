import AuthCore

/// Makes the hostile tokens against a live key (sections NEG-A to NEG-N of the corpus).
///
/// Those of NEG-M take tens of megabytes, so that they are made only where `addSizes` is called.
struct TokenCorpus {
    let genuine: GenuineToken
    let policy: Policy
    /// The `alg` of the strategy's key.
    let algorithm: String
    /// SubjectPublicKeyInfo in DER; empty for a secret key.
    let publicKey: [UInt8]
    /// Makes a signature with the live key over octets.
    private let signature: ([UInt8]) throws -> [UInt8]
    private(set) var tokens: [HostileToken] = []
    private var counts: [String: Int] = [:]

    init(
        _ genuine: GenuineToken, policy: Policy, publicKey: [UInt8],
        signature: @escaping ([UInt8]) throws -> [UInt8]
    ) throws {
        self.genuine = genuine
        self.policy = policy
        self.publicKey = publicKey
        self.signature = signature
        let said = genuine.text(ofHeader: "alg")?.replacing("\"", with: "")
        algorithm = said ?? (publicKey.isEmpty ? "HS256" : "RS256")
        try addAlgorithms()
        try addConfusions()
        try addSignatures()
        try addHeaders()
        try addEncodings()
        try addJSON()
        try addTimes()
        try addClaims()
        try addFormats()
        addTransports()
    }

    // MARK: Making one

    mutating func add(
        _ group: String, _ requirement: String, _ what: String, _ line: [UInt8], isControl: Bool = false
    ) {
        counts[group, default: 0] += 1
        tokens.append(
            HostileToken(
                id: "NEG-\(group)-\(counts[group] ?? 0)", requirement: requirement, what: what, line: line,
                isControl: isControl))
    }

    /// A token with a good signature over whatever it says.
    func signed(header: String? = nil, claims: String? = nil) throws -> [UInt8] {
        try signed(
            part: GenuineToken.encoded(header ?? genuine.header),
            GenuineToken.encoded(claims ?? genuine.claims))
    }

    /// A token with a good signature over two parts as they are.
    func signed(part header: String, _ payload: String) throws -> [UInt8] {
        let input = "\(header).\(payload)"
        let signature = try signature(Array(input.utf8))
        return genuine.line("\(input).\(GenuineToken.encoded(signature))")
    }

    /// A good signature over the genuine parts, as bytes.
    func genuineSignature() -> [UInt8] {
        Base64URL.decode(Array(genuine.parts[2].utf8).span) ?? []
    }

    /// The genuine header and payload with other signature text.
    func resigned(_ signature: String) -> [UInt8] {
        genuine.line("\(genuine.parts[0]).\(genuine.parts[1]).\(signature)")
    }
}
