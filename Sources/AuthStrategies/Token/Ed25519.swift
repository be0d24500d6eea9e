import Backends

public typealias Ed25519JWTStrategy = Token<Ed25519>
public typealias Ed25519 = PublicKeyAlgorithm<Ed25519Scheme>

/// EdDSA over Curve25519 (RFC 8037 section 3.1).
///
/// `alg` is `EdDSA`, which all libraries know; RFC 9864 has given it the name `Ed25519` since.
public enum Ed25519Scheme: SignatureScheme {
    public static let name = "EdDSA"
    public static let title = "Ed25519"
    public static let kind = SignatureKind.ed25519
    public static let strategyID = "ed25519"
    public static let isOnCard = false
}
