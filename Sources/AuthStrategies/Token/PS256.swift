import Backends

public typealias PS256JWTStrategy = Token<PS256>
public typealias PS256 = PublicKeyAlgorithm<PS256Scheme>

/// RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 7518 section 3.5).
public enum PS256Scheme: SignatureScheme {
    public static let name = "PS256"
    public static let title = "RSA-PSS 2048 with SHA-256"
    public static let kind = SignatureKind.rsaPSS
    public static let isOnCard = false
}
