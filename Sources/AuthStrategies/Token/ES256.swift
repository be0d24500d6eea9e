import Backends

public typealias ES256JWTStrategy = Token<ES256>
public typealias ES256 = PublicKeyAlgorithm<ES256Scheme>

/// ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4).
public enum ES256Scheme: SignatureScheme {
    public static let name = "ES256"
    public static let title = "ECDSA P-256 with SHA-256"
    public static let kind = SignatureKind.ecdsaP256
    public static let isOnCard = false
}
