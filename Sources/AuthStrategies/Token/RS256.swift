import Backends

public typealias RS256JWTStrategy = Token<RS256>
public typealias RS256 = PublicKeyAlgorithm<RS256Scheme>

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
public enum RS256Scheme: SignatureScheme {
    public static let name = "RS256"
    public static let title = "RSA 2048 with SHA-256"
    public static let kind = SignatureKind.rsaPKCS1
}
