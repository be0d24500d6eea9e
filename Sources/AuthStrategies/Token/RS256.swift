import Backends

public typealias RS256JWTStrategy = Token<RS256>

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3): who verifies holds the public key only.
public struct RS256: TokenAlgorithm, ~Copyable {
    public static let name = "RS256"
    public static let title = "RSA 2048 with SHA-256"

    public static func makeKeys() throws -> RSAKeyPair { try RSAKeyPair() }

    public static func publicKey(of keys: RSAKeyPair) -> [UInt8] { keys.publicKey }

    private var hasher: SHA256
    private var signer: RSASigner?
    private var verifier: RSAVerifier?
    public let signature_bytes: Int

    public init(signingWith keys: RSAKeyPair) throws { try self.init(privateKey: keys.privateKey.span) }

    public init(verifyingWith keys: RSAKeyPair) throws { try self.init(publicKey: keys.publicKey) }

    init(privateKey: Span<UInt8>) throws {
        // Both first: a noncopyable value cannot be left half made.
        let hasher = SHA256()
        let signer = try RSASigner(privateKey: privateKey)
        self.hasher = hasher
        self.signer = consume signer
        verifier = nil
        signature_bytes = 0
    }

    init(publicKey: [UInt8]) throws {
        let hasher = SHA256()
        let verifier = try RSAVerifier(publicKey: publicKey)
        self.hasher = hasher
        signer = nil
        signature_bytes = verifier.signature_bytes
        self.verifier = consume verifier
    }

    public mutating func sign(_ input: [UInt8]) throws -> [UInt8] {
        let digest = hasher.digest(input.span)
        guard let signature = try signer?.sign(digest) else {
            throw WeakKeyError(description: "a public key cannot sign")
        }
        return signature
    }

    public mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool {
        let digest = hasher.digest(input)
        return verifier?.isValid(signature.span, for: digest) ?? false
    }
}
