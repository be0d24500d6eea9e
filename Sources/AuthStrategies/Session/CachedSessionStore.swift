import AuthCore
import Backends

/// What a cache before a store may set.
enum SessionCache {
    static let tracking = "tracking"

    /// What a variant of a strategy with such a cache may set.
    ///
    /// - Parameters:
    ///   - canTrack: whether the store says what has changed.
    ///   - hasNodes: whether several clients can share a cache.
    /// - Returns: for its descriptor.
    static func parameters(canTrack: Bool, hasNodes: Bool = true) -> [StrategyParameter] {
        let meaning = "how long a copy of a session is used"
        let nodes = hasNodes ? SessionNodes.parameters : []
        guard canTrack else {
            return [
                StrategyParameter("cache", .time, standard: "0", meaning), .onFailure(needs: "cache"),
            ] + nodes
        }
        return [
            StrategyParameter(
                "cache", .timeOr([tracking]), standard: "0", "\(meaning), or until Redis says that it changed"
            ),
            .staleness(needs: "cache"), .onFailure(needs: "cache"),
        ] + nodes
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

/// Copies of sessions before a store, either for a stated time, or until the store says that a session has changed.
///
/// Each client has a cache of its own, as each server has; with `nodes`, so many servers have one each, which all clients
/// share. What a server ends or changes itself, it forgets at once; the others go by their copies.
public struct CachedSessionStore<Store: SessionStore & ~Copyable>: SessionStore, ~Copyable {
    public static var strategyID: String { Store.strategyID }
    public static var strategyTitle: String { "\(Store.strategyTitle), with a cache before it" }
    public static var stores: Set<AuthCore.Store> { Store.stores }
    public static var isOnCard: Bool { false }
    public static var parameters: [StrategyParameter] { Store.parameters }

    public static func promise(_ parameters: StrategyParameters) -> RevocationPromise {
        SessionCache.isTracking(parameters) ? .pushed : .cached
    }

    /// What the clients of the store share, and the servers that they reach.
    public struct Common: Sendable {
        let own: Store.Common
        let nodes: SessionNodes
    }

    public static func prepare(in environment: Environment) throws -> Common {
        Common(
            own: try Store.prepare(in: environment), nodes: SessionNodes(environment.policy.parameters))
    }

    private var store: Store
    private var router: SessionNodes.Router
    /// Where the last request went.
    private var node: SessionNode
    /// `nil` where a copy is used until the store says that it changed.
    private let lifetime_ms: Int64?
    private var isTracking: Bool { lifetime_ms == nil }
    private let acceptsOnFailure: Bool
    public private(set) var data: SessionData

    public init(in environment: Environment, sharing common: Common) throws {
        store = try Store(in: environment, sharing: common.own)
        let parameters = environment.policy.parameters
        let router = common.nodes.router()
        (self.router, node) = (router, router.nodes[0])
        lifetime_ms = SessionCache.isTracking(parameters) ? nil : SessionCache.lifetime_ms(parameters)
        acceptsOnFailure = parameters.acceptsOnFailure
        data = SessionData(count: environment.policy.session_bytes)
    }

    public mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        let name = SessionName(id)
        node = router.node(of: name)
        do {
            if isTracking { try hear() }
            if let found = copy(name, requiring: scope, at: now, lifetime_ms: lifetime_ms) { return found }
            return try fetch(id, name, requiring: scope, at: now)
        } catch {
            guard acceptsOnFailure, isStoreOutage(error),
                let found = copy(name, requiring: scope, at: now, lifetime_ms: nil)
            else { throw error }
            return found
        }
    }

    private mutating func copy(
        _ name: SessionName, requiring scope: Scope, at now: Instant, lifetime_ms: Int64?
    ) -> (record: SessionRecord, isGranted: Bool)? {
        let copy = node.copies.withLock {
            $0.copy(name, requiring: scope, at: now, lifetime_ms: lifetime_ms)
        }
        guard let copy else { return nil }
        if data.count > 0 { data.take(copy.data.span) }
        return (copy.record, copy.isGranted)
    }

    private mutating func fetch(
        _ id: Digest, _ name: SessionName, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        let losses = node.copies.withLock { $0.losses }
        guard let found = try store.read(id, requiring: scope, at: now) else {
            node.copies.withLock { $0.forget(name) }
            return nil
        }
        if data.count > 0 { data.take(store.data.last.span) }
        let copy = SessionCopies.Copy(record: found.record, data: data.last, isGranted: found.isGranted)
        // Tracked, the earlier answers hold; by time, each would have an age of its own.
        node.copies.withLock { [isTracking] in
            $0.keep(
                copy, as: name, requiring: scope, at: now, losses: losses, addsGrants: isTracking)
        }
        return found
    }

    private mutating func hear() throws {
        var (isAll, changed) = (false, [SessionName]())
        defer {
            node.copies.withLock { copies in
                if isAll { copies.forgetAll() }
                for name in changed { copies.forget(name) }
            }
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
        node.copies.withLock { $0.touch(SessionName(id), record) }
        store.touch(id, record)
    }

    // What follows is forgotten after the store has done it: what another request reads until then, it may not keep.

    public mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        let name = SessionName(old)
        defer { node.copies.withLock { $0.forget(name) } }
        guard try store.rotate(old, to: new, record) else { return false }
        node.copies.withLock { $0.rename(name, to: SessionName(new)) }
        return true
    }

    public mutating func remove(_ id: Digest) throws {
        let name = SessionName(id)
        node = router.node(of: name)
        defer { node.copies.withLock { $0.end(name) } }
        try store.remove(id)
    }

    public mutating func removeAll(_ ids: [Digest]) throws {
        defer { for node in router.nodes { node.copies.withLock { $0.forgetAll() } } }
        try store.removeAll(ids)
    }

    public mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        defer { node.copies.withLock { $0.forget(subject) } }
        try store.removeAll(of: subject, but: kept, at: now)
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        defer { node.copies.withLock { $0.forget(subject) } }
        try store.changeGrant(of: subject, to: scope, at: now)
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
