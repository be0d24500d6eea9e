import AuthCore
import Backends

/// A signature algorithm with a private and a public key: who verifies holds the public one only.
///
/// The scheme says which; so another algorithm is a scheme of its own, in a file of its own.
public struct PublicKeyAlgorithm<Scheme: SignatureScheme>: TokenAlgorithm, ~Copyable {
    public static var name: String { Scheme.name }
    public static var title: String { Scheme.title }
    public static var strategyID: String { Scheme.strategyID }
    public static var isOnCard: Bool { Scheme.isOnCard }

    public static var parameters: [StrategyParameter] {
        guard Scheme.kind.hasModulus else { return [] }
        return [
            StrategyParameter(
                "bits", .choice(["2048", "3072", "4096"]), standard: "2048", "the size of the RSA modulus")
        ]
    }

    public static func makeKeys(_ parameters: StrategyParameters) throws -> KeyPair {
        try KeyPair(for: Scheme.kind, bits: parameters["bits"].flatMap { Int($0) } ?? 2048)
    }

    public static func publicKey(of keys: KeyPair) -> [UInt8] { keys.publicKey }

    private var signer: Signer?
    private var verifier: SignatureVerifier?
    public let signature_bytes: Int

    public init(signingWith keys: KeyPair) throws { try self.init(privateKey: keys.privateKey.span) }

    public init(verifyingWith keys: KeyPair) throws { try self.init(publicKey: keys.publicKey) }

    init(privateKey: Span<UInt8>) throws {
        // First: a noncopyable value cannot be left half made.
        let signer = try Signer(Scheme.kind, privateKey: privateKey)
        self.signer = consume signer
        verifier = nil
        signature_bytes = 0
    }

    init(publicKey: [UInt8]) throws {
        let verifier = try SignatureVerifier(Scheme.kind, publicKey: publicKey)
        signer = nil
        signature_bytes = verifier.signature_bytes
        self.verifier = consume verifier
    }

    public mutating func sign(_ input: [UInt8]) throws -> [UInt8] {
        guard let signature = try signer?.sign(input.span) else {
            throw WeakKeyError(description: "a public key cannot sign")
        }
        return signature
    }

    public mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool {
        verifier?.isValid(signature.span, for: input) ?? false
    }
}

/// Which signature a `PublicKeyAlgorithm` makes.
public protocol SignatureScheme: SendableMetatype {
    /// The `alg` value of RFC 7518 section 3.1 or RFC 8037 section 3.1.
    static var name: String { get }
    /// A few words for lists: the primitive and the size of its key.
    static var title: String { get }
    static var kind: SignatureKind { get }
    /// The first word of the strategies' identifiers.
    static var strategyID: String { get }
    /// Whether its strategy is measured where none is named.
    static var isOnCard: Bool { get }
}

extension SignatureScheme {
    public static var strategyID: String { name.lowercased() }

    public static var isOnCard: Bool { true }
}
