import AuthCore
import Backends

/// Which tokens are good although they have not expired, as one client asks it.
///
/// Every error it throws means that it could not do what it was asked.
package protocol RevocationList: ~Copyable, SendableMetatype {
    /// What all clients of a run have in common beside a server.
    associatedtype Common: Sendable = Void

    /// The identifier of the strategy with this list, as on the command line and in every CSV row.
    static var strategyID: String { get }
    /// What is asked, in words that follow the kind of token.
    static var title: String { get }
    /// What must be up before the strategy can be prepared.
    static var stores: Set<Store> { get }
    /// Whether a sign-out ends that one token; otherwise only all of a user can be ended at once.
    static var endsSingleTokens: Bool { get }
    /// Whether it names what was ended, or what is alive.
    static var listsEnded: Bool { get }
    /// Whether a request uses the token up.
    static var isForOneUse: Bool { get }
    /// What a variant may set.
    static var parameters: [StrategyParameter] { get }
    /// The strategy that a variant is, where it is another one than this with a list.
    static func variant(with parameters: StrategyParameters) -> (any (AuthStrategy & ~Copyable).Type)?
    /// When other servers refuse what was ended.
    static var promise: RevocationPromise { get }

    static func prepare(in environment: Environment) throws -> Common

    /// Opens a client's own connection.
    init(in environment: Environment, sharing common: Common) throws

    /// How often all tokens of a user have been revoked: what a token issued now says in its claim `gen`.
    mutating func generation(of subject: Subject) throws -> Int64

    /// The same of many, before the clock starts.
    mutating func generations(of subjects: [Subject]) throws -> [Int64]

    /// Hears of tokens that have been issued.
    mutating func admit(_ entries: [TokenEntry], at now: Instant) throws

    mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool

    /// What to go by while the list cannot be asked, where that is wanted.
    func isGoodAsFarAsKnown(_ entry: TokenEntry) -> Bool

    /// Ends a token and hears of the one that takes its place.
    ///
    /// - Returns: whether nobody else has ended or replaced it before.
    mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool

    mutating func revoke(_ entry: TokenEntry, at now: Instant) throws

    mutating func revokeAll(of subject: Subject, at now: Instant) throws

    var commandsSent: Int { get }
    /// How often a server was waited for so far.
    var roundTrips: Int { get }
    mutating func usedBytes() throws -> UInt64?
}

extension RevocationList where Self: ~Copyable {
    package static var endsSingleTokens: Bool { true }

    package static var listsEnded: Bool { true }

    package static var isForOneUse: Bool { false }

    package static var parameters: [StrategyParameter] { [.onFailure()] }

    package static func variant(with parameters: StrategyParameters) -> (any (AuthStrategy & ~Copyable).Type)?
    {
        nil
    }

    package static var promise: RevocationPromise { .immediate }

    package func isGoodAsFarAsKnown(_ entry: TokenEntry) -> Bool { true }

    package mutating func generation(of subject: Subject) throws -> Int64 { 0 }

    package mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        try subjects.map { try generation(of: $0) }
    }

    package mutating func admit(_ entries: [TokenEntry], at now: Instant) throws {}
}

extension RevocationList where Self: ~Copyable, Common == Void {
    package static func prepare(in environment: Environment) throws {}
}

/// What a list knows a token by.
package struct TokenEntry: Sendable {
    package var name: TokenName
    package var subject: Subject
    package var generation: Int64
    package var authenticatedAt: Instant
    package var expiry: Instant
}

/// A token's `jti` as 32 bytes: itself and its length, or its SHA-256 where it is longer.
///
/// The issuer is not in it, since tokens of one issuer alone get as far as a list.
package struct TokenName: Sendable, Hashable {
    let words: (UInt64, UInt64, UInt64, UInt64)

    private static let own_bytes = 22

    init(_ tokenID: Span<UInt8>) {
        // As this server's own, of 16 bytes in base64url.
        if tokenID.count == Self.own_bytes, let first = tokenID.word(at: 0), let second = tokenID.word(at: 8),
            let last = tokenID.word(at: Self.own_bytes - 8)
        {
            self.init(words: (first, second, last >> 16, UInt64(Self.own_bytes) << 56))
            return
        }
        var bytes = Digest(repeating: 0)
        if tokenID.count < bytes.count {
            for index in tokenID.indices { bytes[index] = tokenID[index] }
            bytes[bytes.count - 1] = UInt8(tokenID.count)
        } else {
            var hasher = SHA256()
            bytes = hasher.digest(tokenID)
            // No length, so that it is no other token's.
            bytes[bytes.count - 1] |= 0x80
        }
        self.init(stored: bytes.span)
    }

    /// From the 32 bytes that a store has.
    init(stored span: Span<UInt8>) {
        self.init(
            words: (
                span.littleEndian(at: 0), span.littleEndian(at: 8), span.littleEndian(at: 16),
                span.littleEndian(at: 24)
            ))
    }

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// As a store has it.
    var bytes: Digest {
        var bytes = Digest(repeating: 0)
        for (place, word) in [words.0, words.1, words.2, words.3].enumerated() {
            for index in 0..<8 {
                bytes[8 * place + index] = UInt8(truncatingIfNeeded: word >> UInt64(8 * index))
            }
        }
        return bytes
    }

    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        // Random in its first bytes, as every jti of ours is.
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
