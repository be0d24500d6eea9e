import AuthCore
import AuthStrategies
import Backends

/// The keys of the JWT strategies, in the open so that others can check the same tokens.
public struct TokenKeys {
    /// Of HS256.
    public let secret: [UInt8]
    /// RFC 8017 RSAPrivateKey, DER.
    public let privateKey: [UInt8]
    /// RFC 5280 SubjectPublicKeyInfo, DER.
    public let publicKey: [UInt8]
    private let pair: RSAKeyPair

    public init() throws {
        secret = try SecureRandom.bytes(32)
        pair = try RSAKeyPair()
        (privateKey, publicKey) = (pair.privateKey, pair.publicKey)
    }

    /// What `HS256JWTStrategy` shares when this is its secret.
    public func hs256(_ policy: Policy) throws -> HS256JWTStrategy.Shared {
        try HS256JWTStrategy.Shared(secret: secret, policy: policy)
    }

    /// What `RS256JWTStrategy` shares when this is its key.
    public func rs256(_ policy: Policy) throws -> RS256JWTStrategy.Shared {
        try RS256JWTStrategy.Shared(keys: pair, policy: policy)
    }
}
