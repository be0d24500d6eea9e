import AuthCore
import Backends

/// Where the families of refresh tokens are kept; one value for each client, which decides nothing.
///
/// Every error it throws means that it could not do what it was asked.
public protocol RefreshStore: ~Copyable, SendableMetatype {
    /// A word for lists.
    static var title: String { get }
    /// What must be up before the strategy can be prepared.
    static var stores: Set<AuthCore.Store> { get }

    /// Makes what the families of a run need, once, before any client exists.
    static func prepare(in environment: Environment) throws

    /// Opens a client's own connection.
    init(_ environment: Environment) throws

    mutating func insert(_ family: RefreshFamily) throws

    /// Starts many before the clock starts.
    mutating func insertAll(_ families: [RefreshFamily]) throws

    /// Reads a family and changes it in one step: nobody else does so in between.
    ///
    /// - Parameters:
    ///   - id: its name.
    ///   - decide: what to do with it; may be asked again where somebody else was faster. It is told `nil` without a family.
    /// - Throws: where it could not be done, or what `decide` throws; nothing has happened then.
    mutating func update(
        _ id: [UInt8], _ decide: (RefreshFamily?) throws -> RefreshChange
    ) throws

    mutating func removeAll(_ ids: [[UInt8]]) throws

    mutating func removeAll(of subject: Subject) throws

    mutating func changeGrant(of subject: Subject, to scope: [UInt8]) throws

    var commandsSent: Int { get }
    /// How often a server was waited for so far; 0 for a store in this process.
    var roundTrips: Int { get }
    mutating func usedBytes() throws -> UInt64?

    /// Deletes expired families, a few milliseconds' worth; `nil` where the store lets them go by itself.
    mutating func sweep(at now: Instant) throws -> Int?
}

/// What a store holds for one family.
public struct RefreshFamily: Sendable {
    /// 16 random bytes.
    var id: [UInt8]
    var subject: Subject
    var clientID: [UInt8]
    var scope: [UInt8]
    var generation: UInt32
    /// The SHA-256 of the newest generation's token.
    var tokenHash: Digest
    var authenticatedAt: Instant
    var rotatedAt: Instant
    var idleExpiry: Instant
    var absoluteExpiry: Instant
}

/// What an exchange does to a family.
public enum RefreshChange {
    case none
    case remove
    /// Generation, hash, time of the rotation and idle expiry are new.
    case advance(RefreshFamily)
}

/// What an exchange of a refresh token came to.
public enum RefreshExchange {
    /// Whose family it is, what they have been granted where that is not what everybody is, when they signed in, and
    /// the successor's text.
    case rotated(Subject, scope: [UInt8]?, authenticatedAt: Instant, [UInt8])
    case refused(Refusal)
}
