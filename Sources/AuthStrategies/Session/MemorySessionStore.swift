import AuthCore
import Backends
import Synchronization

/// A session cookie, looked up in this process's memory.
public typealias MemorySessionStrategy = Session<MemorySessionStore>

/// Sessions in dictionaries of this process, which are gone with it and which no other server sees.
///
/// Both dictionaries are in shards with a lock each, so that clients seldom meet. Whatever changes which sessions a user has
/// holds the lock of the user's shard, and takes those of sessions within it; reading and touching take the latter only.
public struct MemorySessionStore: SessionStore, ScopedSessionStore, ~Copyable {
    public static let strategyID = "memory-session"
    public static let strategyTitle = "session cookie, looked up in this process's memory"
    public static let stores: Set<Store> = []
    public static let isOnCard = false

    /// All sessions of a run.
    public final class Common: Sendable {
        fileprivate let sessions = (0..<count).map { _ in SessionShard() }
        fileprivate let users = (0..<count).map { _ in UserShard() }
        /// A power of two, and many times the processors of a server.
        private static let count = 256

        fileprivate func shard(of name: SessionName) -> SessionShard {
            sessions[Int(truncatingIfNeeded: name.words.0) & (Self.count - 1)]
        }

        fileprivate func shard(of subject: Subject) -> UserShard {
            users[Int(truncatingIfNeeded: subject.id) & (Self.count - 1)]
        }
    }

    public static func prepare(in environment: Environment) -> Common { Common() }

    private let common: Common
    public private(set) var data: SessionData
    private let grantedScope: [UInt8]
    private var sweptShard = 0

    public init(in environment: Environment, sharing common: Common) {
        self.common = common
        data = SessionData(count: environment.policy.session_bytes)
        grantedScope = Array(environment.policy.grantedScope.utf8)
    }

    public mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        let name = SessionName(id)
        let (granted, wantsData) = (grantedScope, data.count > 0)
        return common.shard(of: name).lock.withLock {
            table -> (record: SessionRecord, isGranted: Bool)? in
            guard let entry = table.entries[name] else { return nil }
            if wantsData { data.take(entry.data.span) }
            // What everybody is granted is not counted by each reader: they would all write to one place.
            let isGranted =
                entry.scope.map { scope.isGranted(by: $0.span) } ?? scope.isGranted(by: granted.span)
            return (entry.record, isGranted)
        }
    }

    mutating func read(_ id: Digest, scope: inout [UInt8]) throws -> SessionRecord? {
        let name = SessionName(id)
        let granted = grantedScope
        return common.shard(of: name).lock.withLock { table -> SessionRecord? in
            guard let entry = table.entries[name] else { return nil }
            let permitted = entry.scope ?? granted
            ByteCopy.copy(permitted.span, into: &scope)
            return entry.record
        }
    }

    public mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws {
        let name = SessionName(id)
        let entry = SessionEntry(
            record: record, scope: scope == grantedScope ? nil : scope,
            data: data.count > 0 ? data.make(for: record.subject) : [])
        common.shard(of: record.subject).lock.withLock { users in
            common.shard(of: name).lock.withLock { $0.entries[name] = entry }
            users[record.subject.id, default: []].append(name)
        }
    }

    public mutating func saveAll(
        _ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]
    ) throws {
        for (id, record) in sessions { try save(record, as: id, scope: scope) }
    }

    public mutating func touch(_ id: Digest, _ record: SessionRecord) {
        let name = SessionName(id)
        common.shard(of: name).lock.withLock { table in
            guard let old = table.entries[name]?.record else { return }
            table.entries[name]?.record.lastSeen = max(old.lastSeen, record.lastSeen)
            table.entries[name]?.record.idleExpiry = max(old.idleExpiry, record.idleExpiry)
        }
    }

    public mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        let (old, new) = (SessionName(old), SessionName(new))
        return common.shard(of: record.subject).lock.withLock { users in
            guard var entry = take(old) else { return false }
            if let previous = entry.previous {
                common.shard(of: previous).lock.withLock { $0.successors[previous] = nil }
            }
            entry.record.lastSeen = max(entry.record.lastSeen, record.lastSeen)
            entry.record.idleExpiry = max(entry.record.idleExpiry, record.idleExpiry)
            entry.previous = old
            common.shard(of: new).lock.withLock { [entry] in $0.entries[new] = entry }
            common.shard(of: old).lock.withLock { $0.successors[old] = new }
            if let place = users[record.subject.id]?.firstIndex(of: old) {
                users[record.subject.id]?[place] = new
            }
            return true
        }
    }

    public mutating func remove(_ id: Digest) throws {
        let name = SessionName(id)
        // Whose it is stays the same, whatever others do meanwhile; its name does not.
        guard let subject = owner(of: name) else { return }
        common.shard(of: subject).lock.withLock { users in
            let successor = common.shard(of: name).lock.withLock { $0.successors[name] }
            for one in [name, successor].compactMap(\.self) { forget(one, of: subject, in: &users) }
        }
    }

    public mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        let kept = kept.map { SessionName($0) }
        common.shard(of: subject).lock.withLock { users in
            for name in users[subject.id] ?? [] where name != kept { forget(name, of: subject, in: &users) }
        }
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        common.shard(of: subject).lock.withLock { users in
            (users[subject.id] ?? []).compactMap { name in
                guard let record = common.shard(of: name).lock.withLock({ $0.entries[name]?.record }),
                    !record.isExpired(at: now)
                else { return nil }
                return record.summary
            }
        }
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        common.shard(of: subject).lock.withLock { users in
            for name in users[subject.id] ?? [] {
                common.shard(of: name).lock.withLock { $0.entries[name]?.scope = scope }
            }
        }
    }

    // It sends nothing and waits for nobody.
    public var commandsSent: Int { 0 }
    public var roundTrips: Int { 0 }
    public var touchFailures: Int { 0 }

    /// What the tables take, by the space they have for entries and by the size of one.
    public mutating func usedBytes() throws -> UInt64? {
        let sessions = common.sessions.reduce(0) { sum, shard in
            sum
                + shard.lock.withLock { table in
                    table.entries.capacity * Self.entry_bytes + table.entries.count * data.count
                        + table.successors.capacity * 2 * MemoryLayout<SessionName>.stride
                }
        }
        let users = common.users.reduce(0) { sum, shard in
            sum
                + shard.lock.withLock { users in
                    users.values.reduce(users.capacity * 16) { $0 + $1.capacity * 32 + 32 }
                }
        }
        return UInt64(sessions + users)
    }

    private static let entry_bytes =
        MemoryLayout<SessionName>.stride + MemoryLayout<SessionEntry>.stride

    /// Deletes what has expired in one shard after the other, until there was something.
    public mutating func sweep(at now: Instant) throws -> Int? {
        for _ in common.sessions.indices {
            sweptShard = (sweptShard + 1) % common.sessions.count
            let expired = common.sessions[sweptShard].lock.withLock { table in
                table.entries.filter { $0.value.record.isExpired(at: now) }.map {
                    ($0.key, $0.value.record.subject)
                }
            }
            for (name, subject) in expired {
                common.shard(of: subject).lock.withLock { forget(name, of: subject, in: &$0) }
            }
            if !expired.isEmpty { return expired.count }
        }
        return 0
    }

    // MARK: Within the lock of the user's shard

    private func take(_ name: SessionName) -> SessionEntry? {
        common.shard(of: name).lock.withLock { $0.entries.removeValue(forKey: name) }
    }

    /// Deletes a session, with what leads to it.
    private func forget(_ name: SessionName, of subject: Subject, in users: inout [UInt64: [SessionName]]) {
        guard let entry = take(name) else { return }
        if let previous = entry.previous {
            common.shard(of: previous).lock.withLock { $0.successors[previous] = nil }
        }
        users[subject.id]?.removeAll { $0 == name }
        if users[subject.id]?.isEmpty == true { users[subject.id] = nil }
    }

    /// The user of a session, or of the one that took its place.
    private func owner(of name: SessionName) -> Subject? {
        let (subject, successor) = common.shard(of: name).lock.withLock { table in
            (table.entries[name]?.record.subject, table.successors[name])
        }
        guard subject == nil, let successor else { return subject }
        return common.shard(of: successor).lock.withLock { $0.entries[successor]?.record.subject }
    }
}

private struct SessionEntry {
    var record: SessionRecord
    /// What it permits; `nil` for what everybody is granted.
    var scope: [UInt8]?
    var data: [UInt8]
    /// The name that its last renewal replaced.
    var previous: SessionName?
}

private final class SessionShard: Sendable {
    struct Table {
        var entries: [SessionName: SessionEntry] = [:]
        /// From the name that a renewal replaced to the one that took its place.
        var successors: [SessionName: SessionName] = [:]
    }

    let lock = Mutex(Table())
}

private final class UserShard: Sendable {
    /// The names of each user's sessions, in the order in which they began.
    let lock = Mutex<[UInt64: [SessionName]]>([:])
}
