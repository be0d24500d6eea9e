import Backends

/// Makes the signature of a JWS (RFC 7515); one per client.
protocol TokenSigner: ~Copyable {
    /// The `alg` value of RFC 7518 section 3.1; a key has exactly one.
    static var algorithm: String { get }
    mutating func sign(_ input: [UInt8]) throws -> [UInt8]
}

/// Checks the signature of a JWS; one per client.
protocol TokenVerifier: ~Copyable {
    static var algorithm: String { get }
    var signature_bytes: Int { get }
    mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool
}

/// HMAC with SHA-256 (RFC 7518 section 3.2): who can verify can also sign.
struct HS256: TokenSigner, TokenVerifier, ~Copyable {
    static let algorithm = "HS256"
    let signature_bytes = 32
    private var mac: HMACSHA256

    init(key: [UInt8]) throws { try self.init(key: key.span) }

    /// Takes a key of at least 32 bytes (RFC 7518 section 3.2).
    init(key: Span<UInt8>) throws {
        guard key.count >= 32 else {
            throw WeakKeyError(description: "an HS256 key has \(key.count) bytes, not 32 or more")
        }
        mac = HMACSHA256(key: key)
    }

    mutating func sign(_ input: [UInt8]) throws -> [UInt8] {
        let code = mac.code(for: input.span)
        return code.indices.map { code[$0] }
    }

    mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool {
        let code = mac.code(for: input)
        return constantTimeEquals(code.span, signature.span)
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), the signing half.
struct RS256Signer: TokenSigner, ~Copyable {
    static let algorithm = "RS256"
    private var hasher: SHA256
    private var signer: RSASigner

    init(privateKey: [UInt8]) throws { try self.init(privateKey: privateKey.span) }

    init(privateKey: Span<UInt8>) throws {
        // Both first: a noncopyable value cannot be left half made.
        let hasher = SHA256()
        let signer = try RSASigner(privateKey: privateKey)
        self.hasher = hasher
        self.signer = signer
    }

    mutating func sign(_ input: [UInt8]) throws -> [UInt8] {
        try signer.sign(hasher.digest(input.span))
    }
}

/// The verifying half, which holds a public key only.
struct RS256Verifier: TokenVerifier, ~Copyable {
    static let algorithm = "RS256"
    private var hasher: SHA256
    private var verifier: RSAVerifier

    var signature_bytes: Int { verifier.signature_bytes }

    init(publicKey: [UInt8]) throws {
        let hasher = SHA256()
        let verifier = try RSAVerifier(publicKey: publicKey)
        self.hasher = hasher
        self.verifier = verifier
    }

    mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool {
        verifier.isValid(signature.span, for: hasher.digest(input))
    }
}

/// A key too weak to be used, noticed at configuration.
struct WeakKeyError: Error, CustomStringConvertible {
    var description: String
}
