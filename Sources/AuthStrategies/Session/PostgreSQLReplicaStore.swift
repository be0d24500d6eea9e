import AuthCore
import Backends

/// Sessions that are written to a PostgreSQL server and read from its replica.
///
/// The replica alone may let a request in. What it would refuse, the primary decides: a sign-in or a renewal may not have come
/// there yet. So only what was ended can be out of date, and the variants differ in that:
///
/// - `wait=apply`: whoever changes a session waits until the replica has carried that out (`synchronous_commit =
///   remote_apply`), so that no request that begins later is let in by it.
/// - `wait=none`: nobody waits (`local`), and each session is read with the age of what the replica has carried out last. Beyond
///   `stale` the primary decides. So that a primary on which nothing happens makes no replica look old, a client that finds it
///   half as old writes a message to the log. What a client has ended itself, it does not ask the replica about.
public struct PostgreSQLReplicaStore: SessionStore, ~Copyable {
    public static let strategyID = PostgreSQLSessionStore.strategyID
    public static let strategyTitle = "session cookie, looked up in a replica of PostgreSQL"
    public static let stores = PostgreSQLSessionStore.stores
    public static let isOnCard = false
    public static let readsReplica = true
    public static let parameters = PostgreSQLSessionStore.parameters

    static let ownParameters = [
        StrategyParameter(
            "reads", .choice(["primary", "replica"]), standard: "primary", "which server is read",
            conflicts: [("reads=replica", "cache"), ("reads=replica", "durability=unlogged")]),
        StrategyParameter(
            "wait", .choice(["apply", "none"]), standard: "apply",
            "whether a sign-in or sign-out waits until the replica has it", needs: "reads=replica"),
        .staleness(needs: "wait=none"),
    ]

    static func isSet(_ parameters: StrategyParameters) -> Bool { parameters["reads"] == "replica" }

    private static func waits(_ parameters: StrategyParameters) -> Bool { parameters["wait"] != "none" }

    public static func promise(_ parameters: StrategyParameters) -> RevocationPromise {
        waits(parameters) ? .immediate : .pushed
    }

    /// How long a replica may take until it has the empty tables.
    private static let patience_s = 20.0

    /// Makes the tables, and waits until the replica has them.
    public static func prepare(in environment: Environment) throws {
        try PostgreSQLSessionStore.prepare(in: environment)
        var primary = try PostgreSQLConnection(ofRun: environment)
        let names = try primary.execute("SHOW synchronous_standby_names").text(0, 0)
        guard !names.isEmpty || !waits(environment.policy.parameters) else {
            throw PostgreSQLError.server(
                code: "55000",
                message:
                    "a commit waits for no replica here: set synchronous_standby_names, or choose wait=none")
        }
        let written = try primary.execute("SELECT pg_current_wal_flush_lsn()").text(0, 0)
        var replica = try PostgreSQLConnection(ofReplica: environment)
        try replica.wait(
            until: "pg_last_wal_replay_lsn() >= '\(written)'", within_s: patience_s,
            to: "find the new tables in the replica: it does not follow the primary")
    }

    private var primary: PostgreSQLSessionStore
    private var replica: PostgreSQLSessionStore
    /// Whether the replica has the session that was read last.
    private var isOfReplica = false
    /// What this client has changed of late; `nil` where the replica has all of it.
    private var changes: RecentChanges?
    private let stale_ms: Int64
    private var nextMessage = ContinuousClock.now

    public init(in environment: Environment, sharing _: Void) throws {
        let parameters = environment.policy.parameters
        let waits = Self.waits(parameters)
        let primary = try PostgreSQLSessionStore(
            over: try PostgreSQLConnection(ofRun: environment, commit: waits ? "remote_apply" : "local"),
            in: environment)
        let replica = try PostgreSQLSessionStore(
            over: try PostgreSQLConnection(ofReplica: environment), in: environment, asksAge: !waits)
        stale_ms = StrategyParameter.staleness_ms(parameters)
        changes = waits ? nil : RecentChanges(life_ms: stale_ms)
        self.primary = primary
        self.replica = replica
    }

    public mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        let found = try readReplica(id, requiring: scope, at: now)
        isOfReplica = found != nil
        return try found ?? primary.read(id, requiring: scope, at: now)
    }

    /// What the replica says; `nil` for all that it would not let in, and where it may be out of date.
    private mutating func readReplica(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        if changes?.has(SessionName(id)) == true { return nil }
        guard let found = try replica.read(id, requiring: scope, at: now), found.isGranted,
            !found.record.isExpired(at: now), changes?.has(found.record.subject) != true, isFresh()
        else { return nil }
        return found
    }

    private mutating func isFresh() -> Bool {
        guard changes != nil else { return true }
        if replica.age_ms > stale_ms / 2 { sendMessage() }
        return replica.age_ms <= stale_ms
    }

    /// Writes what only makes the replica younger, now and then.
    private mutating func sendMessage() {
        let now = ContinuousClock.now
        guard now >= nextMessage else { return }
        nextMessage = now + .milliseconds(stale_ms / 4)
        // Where this fails the replica grows old, and then the primary is asked, which says why.
        try? primary.run("SELECT pg_logical_emit_message(true, 'authbench', '')")
    }

    public mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws {
        try primary.save(record, as: id, scope: scope)
    }

    public mutating func saveAll(
        _ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]
    ) throws {
        try primary.saveAll(sessions, scope: scope)
    }

    public mutating func touch(_ id: Digest, _ record: SessionRecord) { primary.touch(id, record) }

    public mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        defer { changes?.note(SessionName(old)) }
        return try primary.rotate(old, to: new, record)
    }

    public mutating func remove(_ id: Digest) throws {
        defer { changes?.note(SessionName(id)) }
        // By the name that its last renewal replaced, it ends under one that is not known here.
        if let owner = try primary.end(id) { changes?.note(owner) }
    }

    public mutating func removeAll(_ ids: [Digest]) throws {
        defer { for id in ids { changes?.note(SessionName(id)) } }
        try primary.removeAll(ids)
    }

    public mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        defer { changes?.note(subject) }
        try primary.removeAll(of: subject, but: kept, at: now)
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        defer { changes?.note(subject) }
        try primary.changeGrant(of: subject, to: scope, at: now)
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        try primary.sessions(of: subject, at: now)
    }

    public var data: SessionData { isOfReplica ? replica.data : primary.data }
    public var commandsSent: Int { primary.commandsSent + replica.commandsSent }
    public var roundTrips: Int { primary.roundTrips + replica.roundTrips }
    public var touchFailures: Int { primary.touchFailures }
    public mutating func usedBytes() throws -> UInt64? { try primary.usedBytes() }
    public mutating func sweep(at now: Instant) throws -> Int? { try primary.sweep(at: now) }
}

/// What a client has changed so lately that a replica which it still believes may not have it.
private struct RecentChanges {
    /// Beyond so many they are not told apart.
    private static let most = 10_000

    private let life: Duration
    private var names: [SessionName: ContinuousClock.Instant] = [:]
    private var subjects: [UInt64: ContinuousClock.Instant] = [:]
    /// Until when anything may have changed.
    private var all: ContinuousClock.Instant?

    init(life_ms: Int64) { life = .milliseconds(life_ms) }

    mutating func note(_ name: SessionName) {
        makeRoom()
        names[name] = ContinuousClock.now + life
    }

    mutating func note(_ subject: Subject) {
        makeRoom()
        subjects[subject.id] = ContinuousClock.now + life
    }

    func has(_ name: SessionName) -> Bool { isRecent(names[name]) }

    func has(_ subject: Subject) -> Bool { isRecent(subjects[subject.id]) }

    private func isRecent(_ end: ContinuousClock.Instant?) -> Bool {
        guard end != nil || all != nil else { return false }
        let now = ContinuousClock.now
        return end ?? now > now || all ?? now > now
    }

    private mutating func makeRoom() {
        guard names.count + subjects.count >= Self.most else { return }
        let now = ContinuousClock.now
        names = names.filter { $0.value > now }
        subjects = subjects.filter { $0.value > now }
        guard names.count + subjects.count >= Self.most / 2 else { return }
        all = now + life
        names.removeAll(keepingCapacity: true)
        subjects.removeAll(keepingCapacity: true)
    }
}
