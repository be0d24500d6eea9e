import AuthCore
import Backends

/// A session cookie, looked up by one `GET` in Redis.
public typealias RedisSessionStrategy = Session<RedisSessionStore>

/// Sessions in one Redis server.
public typealias RedisSessionStore = RedisSessions<RedisConnection>

/// What sessions are that are reached over a line: in one Redis server, or in a cluster of them.
public protocol RedisSessionLine: RedisLine, SendableMetatype, ~Copyable {
    static var strategyID: String { get }
    static var strategyTitle: String { get }
    static var store: Store { get }
    static var isOnCard: Bool { get }
    static var parameters: [StrategyParameter] { get }
    /// How long the tag is by which a user's keys are in one place; 0 where all are.
    static var tagLength: Int { get }
    /// Whether a login waits for replicas too, and not only what takes rights away.
    static var waitsForLogins: Bool { get }

    static func tag(of subject: Subject) -> [UInt8]
    static func settings(_ environment: Environment) throws -> RedisSettings
    static func connect(_ settings: RedisSettings) throws -> Self
    static func usedBytes(_ settings: RedisSettings) throws -> UInt64?
}

extension RedisConnection: RedisSessionLine {
    public static var strategyID: String { "redis-session" }
    public static var strategyTitle: String { "session cookie, looked up in Redis" }
    public static var store: Store { .redis }
    public static var isOnCard: Bool { true }
    public static var parameters: [StrategyParameter] { SessionCache.parameters(canTrack: true) }
    public static var tagLength: Int { 0 }
    public static var waitsForLogins: Bool { false }

    public static func tag(of subject: Subject) -> [UInt8] { [] }

    public static func settings(_ environment: Environment) throws -> RedisSettings {
        try RedisEndpoint.ofRun(environment).0
    }

    public static func connect(_ settings: RedisSettings) throws -> RedisConnection {
        try RedisConnection(try RedisEndpoint.named(settings))
    }

    public static func usedBytes(_ settings: RedisSettings) throws -> UInt64? {
        try RedisEndpoint.named(settings).usedBytes()
    }
}

extension RedisSessions where Line: ~Copyable {
    public static var strategyID: String { Line.strategyID }
    public static var strategyTitle: String { Line.strategyTitle }
    public static var stores: Set<Store> { [Line.store] }
    public static var isOnCard: Bool { Line.isOnCard }
    public static var parameters: [StrategyParameter] { Line.parameters }
    public static var tagLength: Int { Line.tagLength }
    public static func tag(of subject: Subject) -> [UInt8] { Line.tag(of: subject) }
    public static func strategy(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        cachedStrategy(with: parameters)
    }
}

/// What the keys of sessions and of users' indexes begin with.
struct RedisPrefixes {
    private(set) var (session, user): ([UInt8], [UInt8])
    /// Where the tag stands, counted from the end, with the brace that ends it.
    private let end: Int

    /// - Parameters:
    ///   - prefix: that of all keys of a run.
    ///   - tagLength: how many characters in braces say in which slot of a cluster the key is; 0 for none.
    init(_ prefix: String, tagLength: Int) {
        let tag = tagLength == 0 ? "" : "{\(String(repeating: "-", count: tagLength))}"
        (session, user) = (Array("\(prefix)s:\(tag)".utf8), Array("\(prefix)u:\(tag)".utf8))
        end = tagLength + 1
    }

    mutating func set(tag: Span<UInt8>) {
        for index in tag.indices {
            session[session.count - end + index] = tag[index]
            user[user.count - end + index] = tag[index]
        }
    }
}
