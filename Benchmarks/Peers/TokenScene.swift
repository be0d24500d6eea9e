import AuthCore
import AuthKernels
import AuthStrategies
import Contest
import Crypto

/// Tokens of both algorithms with keys that all contestants know.
public struct TokenScene {
    public let keys: TokenKeys
    public let hs256: StrategyKernels<HS256JWTStrategy>
    public let rs256: StrategyKernels<RS256JWTStrategy>

    /// Few enough for all tokens to stay in the processor's cache.
    public static let tokens = 16
    public static let keyID = "2026-01"

    public init() throws {
        keys = try TokenKeys()
        hs256 = try StrategyKernels(sharing: keys.hs256(Policy()), credentials: Self.tokens)
        rs256 = try StrategyKernels(sharing: keys.rs256(Policy()), credentials: Self.tokens)
    }

    public var hs256Tokens: [String] { Self.tokens(of: hs256.credentials) }
    public var rs256Tokens: [String] { Self.tokens(of: rs256.credentials) }

    /// What the HMAC is made over: header and payload with the dot between them.
    public var hs256Inputs: Messages { Messages(Self.signingInputs(hs256Tokens)) }
    public var hs256PayloadTexts: Messages { Messages(hs256Tokens.map { Self.part(1, of: $0) }) }
    public var hs256PayloadArrays: [[UInt8]] { hs256Tokens.map { Self.decoded(1, of: $0) } }
    public var hs256Payloads: Messages { Messages(hs256PayloadArrays) }

    /// The SHA-256 of what RSA signs, end to end.
    public var rs256Digests: [UInt8] {
        Self.signingInputs(rs256Tokens).flatMap { Array(SHA256.hash(data: $0)) }
    }
    public var rs256Signatures: [UInt8] { rs256Tokens.flatMap { Self.decoded(2, of: $0) } }

    /// Tokens without their header lines.
    private static func tokens(of credentials: [Credential]) -> [String] {
        credentials.map { String(decoding: $0.headerLine.dropFirst("Authorization: Bearer ".count), as: UTF8.self) }
    }

    private static func signingInputs(_ tokens: [String]) -> [[UInt8]] {
        tokens.map { Array($0[..<($0.lastIndex(of: ".") ?? $0.endIndex)].utf8) }
    }

    private static func part(_ index: Int, of token: String) -> [UInt8] {
        Array(token.split(separator: ".")[index].utf8)
    }

    private static func decoded(_ index: Int, of token: String) -> [UInt8] {
        Base64URL.decode(part(index, of: token).span) ?? []
    }
}
