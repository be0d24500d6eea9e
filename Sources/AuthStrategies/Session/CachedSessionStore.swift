import AuthCore
import Backends

/// What a cache before a store may set.
enum SessionCache {
    static let tracking = "tracking"

    static func parameters(canTrack: Bool) -> [StrategyParameter] {
        let meaning = "how long a copy of a session is used"
        guard canTrack else {
            return [
                StrategyParameter("cache", .time, standard: "0", meaning), .onFailure(needs: "cache"),
            ]
        }
        return [
            StrategyParameter(
                "cache", .timeOr([tracking]), standard: "0", "\(meaning), or until Redis says that it changed"
            ),
            .staleness(needs: "cache"), .onFailure(needs: "cache"),
        ]
    }

    /// Whether there is one.
    static func isSet(_ parameters: StrategyParameters) -> Bool {
        isTracking(parameters) || lifetime_ms(parameters) > 0
    }

    static func isTracking(_ parameters: StrategyParameters) -> Bool { parameters["cache"] == tracking }

    static func lifetime_ms(_ parameters: StrategyParameters) -> Int64 { parameters.time_ms("cache") ?? 0 }
}

extension SessionStore where Self: ~Copyable {
    /// The strategy with this store, and a cache before it where one is set.
    static func cachedStrategy(
        with parameters: StrategyParameters
    ) -> any (AuthStrategy & ~Copyable).Type {
        SessionCache.isSet(parameters) ? Session<CachedSessionStore<Self>>.self : Session<Self>.self
    }
}

/// Copies of sessions before a store, one cache for each client, as each server has its own: either for a stated time, or
/// until the store says that a session has changed.
///
/// Only sessions that exist are copied, and a copy never lives longer than its session. What this client ends or changes
/// itself, it forgets at once; other clients go by their copies.
public struct CachedSessionStore<Store: SessionStore & ~Copyable>: SessionStore, ~Copyable {
    public static var strategyID: String { Store.strategyID }
    public static var strategyTitle: String { "\(Store.strategyTitle), with a cache before it" }
    public static var stores: Set<AuthCore.Store> { Store.stores }
    public static var isOnCard: Bool { false }
    public static var parameters: [StrategyParameter] { Store.parameters }

    public static func promise(_ parameters: StrategyParameters) -> RevocationPromise {
        SessionCache.isTracking(parameters) ? .pushed : .cached
    }

    public static func prepare(in environment: Environment) throws -> Store.Common {
        try Store.prepare(in: environment)
    }

    private struct Copy {
        var record: SessionRecord
        var data: [UInt8]
        var asOf: Instant
        /// What was asked of it, and whether it grants that.
        var grants: [(scope: Scope, isGranted: Bool)]
    }

    /// Beyond so many, all go: it is a cache.
    private static var most: Int { 100_000 }

    private var store: Store
    private var copies: [SessionName: Copy] = [:]
    /// From the names that renewals here replaced: a sign-out may cross one.
    private var successors: [SessionName: SessionName] = [:]
    private let lifetime_ms: Int64
    private let isTracking: Bool
    private let acceptsOnFailure: Bool
    public private(set) var data: SessionData

    public init(in environment: Environment, sharing common: Store.Common) throws {
        store = try Store(in: environment, sharing: common)
        let parameters = environment.policy.parameters
        lifetime_ms = SessionCache.lifetime_ms(parameters)
        isTracking = SessionCache.isTracking(parameters)
        acceptsOnFailure = parameters.acceptsOnFailure
        data = SessionData(count: environment.policy.session_bytes)
    }

    public mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        let name = SessionName(id)
        do {
            if isTracking { try hear() }
            if let found = copy(name, requiring: scope, at: now), isFresh(name, at: now) { return found }
            return try fetch(id, name, requiring: scope, at: now)
        } catch {
            guard acceptsOnFailure, isStoreOutage(error), let found = copy(name, requiring: scope, at: now)
            else { throw error }
            return found
        }
    }

    /// What a copy says; `nil` without one, without the answer to what is asked, and of a session that has expired by what the
    /// copy knows: others may have used it since.
    private mutating func copy(
        _ name: SessionName, requiring scope: Scope, at now: Instant
    ) -> (record: SessionRecord, isGranted: Bool)? {
        guard let copy = copies[name], !copy.record.isExpired(at: now),
            let grant = copy.grants.first(where: { $0.scope == scope })
        else { return nil }
        if data.count > 0 { data.take(copy.data.span) }
        return (copy.record, grant.isGranted)
    }

    private func isFresh(_ name: SessionName, at now: Instant) -> Bool {
        if isTracking { return true }
        guard let copy = copies[name] else { return false }
        // A clock that was set back says nothing about its age.
        return 0..<lifetime_ms ~= now.milliseconds(since: copy.asOf)
    }

    private mutating func fetch(
        _ id: Digest, _ name: SessionName, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        guard let found = try store.read(id, requiring: scope, at: now) else {
            copies[name] = nil
            return nil
        }
        if data.count > 0 { data.take(store.data.last.span) }
        var grants = [(scope: scope, isGranted: found.isGranted)]
        // Tracked, the earlier answers hold; by time, each would have an age of its own.
        if isTracking, let old = copies[name] { grants += old.grants.filter { $0.scope != scope } }
        if copies.count >= Self.most { copies.removeAll(keepingCapacity: true) }
        copies[name] = Copy(record: found.record, data: data.last, asOf: now, grants: grants)
        return found
    }

    private mutating func hear() throws {
        var (isAll, changed) = (false, [SessionName]())
        defer {
            if isAll { copies.removeAll(keepingCapacity: true) }
            for name in changed { copies[name] = nil }
        }
        try store.hearChanges { change in
            switch change {
            case .all: isAll = true
            case .one(let id): changed.append(SessionName(id))
            }
        }
    }

    public mutating func hearChanges(_ take: (SessionChange) -> Void) throws { try store.hearChanges(take) }

    public mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws {
        try store.save(record, as: id, scope: scope)
    }

    public mutating func saveAll(
        _ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]
    ) throws {
        try store.saveAll(sessions, scope: scope)
    }

    public mutating func touch(_ id: Digest, _ record: SessionRecord) {
        copies[SessionName(id)]?.record = record
        store.touch(id, record)
    }

    public mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        copies[SessionName(old)] = nil
        guard try store.rotate(old, to: new, record) else { return false }
        if successors.count >= Self.most { successors.removeAll(keepingCapacity: true) }
        successors[SessionName(old)] = SessionName(new)
        return true
    }

    public mutating func remove(_ id: Digest) throws {
        let name = SessionName(id)
        copies[name] = nil
        if let successor = successors.removeValue(forKey: name) { copies[successor] = nil }
        try store.remove(id)
    }

    public mutating func removeAll(_ ids: [Digest]) throws {
        copies.removeAll(keepingCapacity: true)
        try store.removeAll(ids)
    }

    public mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        forget(subject)
        try store.removeAll(of: subject, but: kept, at: now)
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        forget(subject)
        try store.changeGrant(of: subject, to: scope, at: now)
    }

    private mutating func forget(_ subject: Subject) {
        copies = copies.filter { $0.value.record.subject != subject }
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        try store.sessions(of: subject, at: now)
    }

    public var commandsSent: Int { store.commandsSent }
    public var roundTrips: Int { store.roundTrips }
    public var touchFailures: Int { store.touchFailures }
    public mutating func usedBytes() throws -> UInt64? { try store.usedBytes() }
    public mutating func sweep(at now: Instant) throws -> Int? { try store.sweep(at: now) }
}
