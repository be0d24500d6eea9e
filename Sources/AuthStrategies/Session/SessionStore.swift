import AuthCore
import Backends

/// Where sessions are kept, under the SHA-256 of their tokens; one value for each client.
///
/// A store decides nothing: expiry, touch and scope are rules of `Session`. Every error it throws means that it could
/// not do what it was asked.
public protocol SessionStore: ~Copyable, SendableMetatype {
    /// What all clients of a run have in common beside a server or a file.
    associatedtype Common: Sendable = Void

    /// The identifier of the strategy with this store, as on the command line and in every CSV row.
    static var strategyID: String { get }
    /// One phrase that says what `authenticate` does.
    static var strategyTitle: String { get }
    /// What must be up before the strategy can be prepared.
    static var stores: Set<Store> { get }
    /// Whether the strategy with this store is measured where none is named.
    static var isOnCard: Bool { get }
    /// Whether it reads a replica of its server.
    static var readsReplica: Bool { get }
    /// What a variant of the store may set.
    static var parameters: [StrategyParameter] { get }

    /// How many characters of a token say in which place of the store its session is; 0 where there is one place only.
    static var tagLength: Int { get }

    /// What those characters are for the sessions of a user; the name of a session begins with them.
    static func tag(of subject: Subject) -> [UInt8]

    /// Makes what the sessions of a run need, once, before any client exists.
    static func prepare(in environment: Environment) throws -> Common

    /// Opens a client's own connection.
    init(in environment: Environment, sharing common: Common) throws

    /// When other servers refuse a session that has ended.
    static func promise(_ parameters: StrategyParameters) -> RevocationPromise

    /// The strategy with this store, or with a cache before it where one is set.
    static func strategy(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type

    /// Asks the store to say from now on when a session changes that has been read, and hears what it has said since.
    ///
    /// - Parameter take: called for each change, in order.
    /// - Throws: where that cannot be heard, and always for a store that says nothing.
    mutating func hearChanges(_ take: (SessionChange) -> Void) throws

    /// Reads a session, and whether its scope grants what the route requires; `nil` where there is none.
    mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)?

    mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws

    /// Saves many before the clock starts.
    mutating func saveAll(_ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]) throws

    /// Writes the last-seen moment and the idle expiry of a session that is still there.
    ///
    /// A failure is counted in `touchFailures`, as the read has decided already.
    mutating func touch(_ id: Digest, _ record: SessionRecord)

    /// Moves a session to another name in one step.
    ///
    /// - Returns: whether the old one was still there.
    mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool

    /// Deletes a session, also by the name that its last renewal replaced.
    mutating func remove(_ id: Digest) throws

    /// Deletes many before the clock starts.
    mutating func removeAll(_ ids: [Digest]) throws

    /// Deletes a user's sessions, all or all but one.
    mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws

    /// The sessions of a user that have not expired.
    mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]

    mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws

    /// What an application keeps with its sessions, as it was read last.
    var data: SessionData { get }
    var commandsSent: Int { get }
    /// How often a server was waited for so far; 0 for a store in this process.
    var roundTrips: Int { get }
    var touchFailures: Int { get }
    mutating func usedBytes() throws -> UInt64?

    /// Deletes expired sessions, a few milliseconds' worth; `nil` where the store lets them go by itself.
    mutating func sweep(at now: Instant) throws -> Int?
}

extension SessionStore where Self: ~Copyable {
    public static var isOnCard: Bool { true }

    public static var readsReplica: Bool { false }

    public static var parameters: [StrategyParameter] { [] }

    public static var tagLength: Int { 0 }

    public static func tag(of subject: Subject) -> [UInt8] { [] }

    public static func promise(_ parameters: StrategyParameters) -> RevocationPromise { .immediate }

    public static func strategy(
        with parameters: StrategyParameters
    ) -> any (AuthStrategy & ~Copyable).Type { Session<Self>.self }

    public mutating func hearChanges(_ take: (SessionChange) -> Void) throws { throw SilentStoreError() }

    public mutating func removeAll(_ ids: [Digest]) throws { for id in ids { try remove(id) } }

    public mutating func sweep(at now: Instant) throws -> Int? { nil }
}

extension SessionStore where Self: ~Copyable, Common == Void {
    public static func prepare(in environment: Environment) throws {}
}

/// A store that also says, word for word, what a session permits.
protocol ScopedSessionStore: SessionStore, ~Copyable {
    /// Reads a session and its scope; `nil` where there is none.
    mutating func read(_ id: Digest, scope: inout [UInt8]) throws -> SessionRecord?
}

/// What a store says of sessions that have been read.
public enum SessionChange {
    /// All copies may be wrong: from now on the store says what changes, or some of it was lost.
    case all
    case one(Digest)
}

/// A store was asked for what it does not do.
private struct SilentStoreError: Error, CustomStringConvertible {
    var description: String { "the store does not say when a session changes" }
}
