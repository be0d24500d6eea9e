import AuthCore

/// A list in Redis that is asked about each token: what all of them do alike.
package struct RedisList<Rule: RedisListRule>: RevocationList, ~Copyable {
    package static var strategyID: String { Rule.strategyID }
    package static var title: String { Rule.title }
    package static var stores: Set<Store> { [.redis] }
    package static var endsSingleTokens: Bool { Rule.endsSingleTokens }
    package static var listsEnded: Bool { Rule.listsEnded }
    package static var isForOneUse: Bool { Rule.isForOneUse }
    package static var parameters: [StrategyParameter] { Rule.parameters }

    package static func variant(with parameters: StrategyParameters) -> (any (AuthStrategy & ~Copyable).Type)?
    {
        Rule.variant(with: parameters)
    }

    private var list: RedisListConnection

    package init(in environment: Environment, sharing _: Void) throws {
        list = try RedisListConnection(in: environment, kind: Rule.strategyID)
    }

    package mutating func generation(of subject: Subject) throws -> Int64 {
        try list.generation(of: subject)
    }

    package mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        try list.generations(of: subjects)
    }

    package mutating func admit(_ entries: [TokenEntry], at now: Instant) throws {
        try Rule.admit(entries, to: &list, at: now)
    }

    package mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        try Rule.isGood(entry, by: &list, at: now)
    }

    package mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        try Rule.replace(old, by: new, in: &list, at: now)
    }

    package mutating func revoke(_ entry: TokenEntry, at now: Instant) throws {
        try Rule.revoke(entry, in: &list, at: now)
    }

    package mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        try list.endGeneration(of: subject, at: now)
    }

    package var commandsSent: Int { list.commandsSent }
    package var roundTrips: Int { list.roundTrips }
    package mutating func usedBytes() throws -> UInt64? { try list.usedBytes() }
}

/// What one list in Redis does in its own way.
package protocol RedisListRule: SendableMetatype {
    /// Its entries stand under it, apart from those of other lists.
    static var strategyID: String { get }
    static var title: String { get }
    static var endsSingleTokens: Bool { get }
    static var listsEnded: Bool { get }
    static var isForOneUse: Bool { get }
    static var parameters: [StrategyParameter] { get }
    static func variant(with parameters: StrategyParameters) -> (any (AuthStrategy & ~Copyable).Type)?

    /// Hears of tokens that have been issued.
    static func admit(_ entries: [TokenEntry], to list: inout RedisListConnection, at now: Instant) throws
    static func isGood(_ entry: TokenEntry, by list: inout RedisListConnection, at now: Instant) throws
        -> Bool
    /// - Returns: whether nobody else has ended or replaced the old token before.
    static func replace(
        _ old: TokenEntry, by new: TokenEntry, in list: inout RedisListConnection, at now: Instant
    ) throws -> Bool
    static func revoke(_ entry: TokenEntry, in list: inout RedisListConnection, at now: Instant) throws
}

extension RedisListRule {
    package static var endsSingleTokens: Bool { true }
    package static var listsEnded: Bool { true }
    package static var isForOneUse: Bool { false }
    package static var parameters: [StrategyParameter] { [.onFailure()] }

    package static func variant(with parameters: StrategyParameters) -> (any (AuthStrategy & ~Copyable).Type)?
    {
        nil
    }

    package static func admit(
        _ entries: [TokenEntry], to list: inout RedisListConnection, at now: Instant
    ) throws {}
}
