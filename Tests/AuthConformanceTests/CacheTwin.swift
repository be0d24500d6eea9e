import AuthCore
import Backends

@testable import AuthStrategies

/// What is wrong with a broken twin of a cache before a session store.
enum CacheFlaw: String, CaseIterable {
    /// A copy is good although its session has expired.
    case beyondExpiry = "SES-05"
    /// A copy is used for ever.
    case forever = "SES-08"
    /// What a copy permits is what the first route asked for.
    case anyScope = "CRD-06"

    @TaskLocal static var current = Self.forever

    var requirement: String { rawValue }
}

/// Sessions in memory, with a cache before them that has one flaw; it promises copies of no age at all.
struct CacheTwin: SessionStore, ~Copyable {
    static let strategyID = "cache-twin"
    static let strategyTitle = "broken"
    static let stores: Set<Store> = []
    static func promise(_ parameters: StrategyParameters) -> RevocationPromise { .cached }
    static func prepare(in environment: Environment) -> MemorySessionStore.Common {
        MemorySessionStore.prepare(in: environment)
    }

    private let flaw = CacheFlaw.current
    private var inner: MemorySessionStore
    private var copies: [SessionName: (record: SessionRecord, isGranted: Bool)] = [:]

    init(in environment: Environment, sharing common: MemorySessionStore.Common) {
        inner = MemorySessionStore(in: environment, sharing: common)
    }

    mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        let name = SessionName(id)
        switch (flaw, copies[name]) {
        case (.forever, let copy?): return copy
        case (.beyondExpiry, var copy?):
            guard try inner.read(id, requiring: scope, at: now) != nil else { return nil }
            copy.record.idleExpiry = now.advanced(byMilliseconds: 1000)
            return copy
        case (.anyScope, let copy?):
            return try inner.read(id, requiring: scope, at: now).map { ($0.record, copy.isGranted) }
        case (_, nil): break
        }
        let found = try inner.read(id, requiring: scope, at: now)
        copies[name] = found
        return found
    }

    mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws {
        try inner.save(record, as: id, scope: scope)
    }

    mutating func saveAll(_ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]) throws {
        try inner.saveAll(sessions, scope: scope)
    }

    mutating func touch(_ id: Digest, _ record: SessionRecord) { inner.touch(id, record) }

    mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        try inner.rotate(old, to: new, record)
    }

    mutating func remove(_ id: Digest) throws {
        copies[SessionName(id)] = nil
        try inner.remove(id)
    }

    mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        try inner.removeAll(of: subject, but: kept, at: now)
    }

    mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        try inner.sessions(of: subject, at: now)
    }

    mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        try inner.changeGrant(of: subject, to: scope, at: now)
    }

    var data: SessionData { inner.data }
    var commandsSent: Int { 0 }
    var roundTrips: Int { 0 }
    var touchFailures: Int { 0 }
    mutating func usedBytes() throws -> UInt64? { try inner.usedBytes() }
}
