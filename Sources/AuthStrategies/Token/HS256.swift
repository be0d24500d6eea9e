import AuthCore
import Backends

public typealias HS256JWTStrategy = Token<HS256>

/// HMAC with SHA-256 (RFC 7518 section 3.2): who can verify can also sign.
public struct HS256: TokenAlgorithm, ~Copyable {
    public static let name = "HS256"
    public static let title = "HMAC-SHA256"

    public static func makeKeys(_ parameters: StrategyParameters) throws -> SharedSecret {
        try SharedSecret(count: 32)
    }

    public var signature_bytes: Int { 32 }
    private var mac: HMACSHA256

    public init(signingWith keys: SharedSecret) throws { self = try keys.withBytes { try Self(key: $0) } }

    public init(verifyingWith keys: SharedSecret) throws { self = try keys.withBytes { try Self(key: $0) } }

    init(key: [UInt8]) throws { try self.init(key: key.span) }

    /// Takes a key of at least 32 bytes (RFC 7518 section 3.2).
    init(key: Span<UInt8>) throws {
        guard key.count >= 32 else {
            throw WeakKeyError(description: "an HS256 key has \(key.count) bytes, not 32 or more")
        }
        mac = HMACSHA256(key: key)
    }

    public mutating func sign(_ input: [UInt8]) throws -> [UInt8] {
        let code = mac.code(for: input.span)
        return code.indices.map { code[$0] }
    }

    public mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool {
        let code = mac.code(for: input)
        return constantTimeEquals(code.span, signature.span)
    }
}
