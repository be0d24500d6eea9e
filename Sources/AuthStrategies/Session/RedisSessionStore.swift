import AuthCore
import Backends

/// Sessions in Redis: one string key a session, named by the SHA-256 of its token, and one set a user that
/// names the user's sessions.
///
/// What changes two keys is a script, so that no other client ever sees half of it. Every key has a native
/// TTL; the expiry that counts is in the record, on the trace's clock.
struct RedisSessionStore: ~Copyable {
    private var connection: RedisConnection
    private var command = RedisCommand()
    private let sessionPrefix: [UInt8]
    private let userPrefix: [UInt8]
    private let saveScript: [UInt8]
    private let rotateScript: [UInt8]
    private let removeAllScript: [UInt8]
    private let touchScript: [UInt8]
    private let changeGrantScript: [UInt8]
    private let indexLifetime_ms: Int64
    private let endpoint: RedisEndpoint
    private(set) var data: SessionData

    init(_ settings: RedisSettings, lifetimes: Lifetimes, session_bytes: Int = 0) throws {
        guard let endpoint = RedisEndpoint(url: settings.url) else {
            throw RedisError.connection(operation: "connect to \(settings.url)", message: "not a Redis URL")
        }
        // What can fail first: a noncopyable value cannot be left half made.
        var connection = try RedisConnection(endpoint)
        let saveScript = try Self.load(RedisScripts.save, &connection)
        let rotateScript = try Self.load(RedisScripts.rotate, &connection)
        let removeAllScript = try Self.load(RedisScripts.removeAll, &connection)
        let touchScript = try Self.load(RedisScripts.touch, &connection)
        let changeGrantScript = try Self.load(RedisScripts.changeGrant, &connection)
        sessionPrefix = Array("\(settings.keyPrefix)s:".utf8)
        userPrefix = Array("\(settings.keyPrefix)u:".utf8)
        indexLifetime_ms = lifetimes.absolute_ms
        data = SessionData(count: session_bytes)
        self.connection = connection
        self.endpoint = endpoint
        self.saveScript = saveScript
        self.rotateScript = rotateScript
        self.removeAllScript = removeAllScript
        self.touchScript = touchScript
        self.changeGrantScript = changeGrantScript
    }

    private static func load(_ script: String, _ connection: inout RedisConnection) throws -> [UInt8] {
        guard let sha = try connection.execute(RedisCommand("SCRIPT", "LOAD", script)).bytes else {
            throw RedisError.unexpectedReply(command: "SCRIPT LOAD")
        }
        return sha
    }

    // MARK: Verbs

    /// One round trip: the record where it exists, and whether its scope grants what the route requires.
    mutating func read(_ id: Digest, requiring scope: Scope) throws -> (
        record: SessionRecord, isGranted: Bool
    )? {
        command.begin(arguments: 2)
        command.append("GET")
        command.append(sessionPrefix, id.span)
        let reply = try connection.execute(command)
        if reply.isNil { return nil }
        let found = reply.withBytes { bytes -> (SessionRecord, Bool)? in
            guard let record = SessionRecordCoding.decode(bytes) else { return nil }
            let scope_start = SessionRecordCoding.integers_bytes + data.count
            guard scope_start <= bytes.count else { return nil }
            if data.count > 0 {
                data.take(bytes.extracting(SessionRecordCoding.integers_bytes..<scope_start))
            }
            let list = bytes.extracting(scope_start..<bytes.count)
            return (record, scope.isGranted(by: list))
        }
        guard let found = found ?? nil else { throw RedisError.unexpectedReply(command: "GET") }
        return found
    }

    /// Puts a new session's command into the output buffer; `confirmSave` reads the reply.
    mutating func sendSave(_ id: Digest, _ record: SessionRecord, scope: [UInt8]) throws {
        command.begin(arguments: 9)
        command.append("EVALSHA")
        command.append(saveScript)
        command.append("2")
        command.append(sessionPrefix, id.span)
        appendUser(record.subject)
        let data = data.count > 0 ? data.make(for: record.subject) : []
        command.append(SessionRecordCoding.encode(record, data: data, scope: scope).span)
        command.append(timeToLive_ms(record))
        command.append(id.span)
        command.append(indexLifetime_ms + Self.reserve_ms)
        try connection.send(command)
    }

    mutating func confirmSave() throws {
        _ = try connection.receive()
    }

    /// Writes a record back, but only over one that is still there, and not what it permits.
    mutating func touch(_ id: Digest, _ record: SessionRecord) throws {
        command.begin(arguments: 6)
        command.append("EVALSHA")
        command.append(touchScript)
        command.append("1")
        command.append(sessionPrefix, id.span)
        command.append(SessionRecordCoding.encode(record).span)
        command.append(timeToLive_ms(record))
        _ = try connection.execute(command)
    }

    /// Moves a session to another identifier.
    ///
    /// - Returns: whether the old one was still there.
    mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        command.begin(arguments: 10)
        command.append("EVALSHA")
        command.append(rotateScript)
        command.append("3")
        command.append(sessionPrefix, old.span)
        command.append(sessionPrefix, new.span)
        appendUser(record.subject)
        command.append(SessionRecordCoding.encode(record).span)
        command.append(timeToLive_ms(record))
        command.append(new.span)
        command.append(old.span)
        return try connection.execute(command).integer == 1
    }

    mutating func changeGrant(of subject: Subject, to scope: [UInt8]) throws {
        command.begin(arguments: 7)
        command.append("EVALSHA")
        command.append(changeGrantScript)
        command.append("1")
        appendUser(subject)
        command.append(sessionPrefix)
        command.append(Int64(SessionRecordCoding.integers_bytes + data.count))
        command.append(scope.span)
        _ = try connection.execute(command)
    }

    /// Deletes a session; its name leaves the user's set after it, which no reader can tell from before.
    mutating func remove(_ id: Digest) throws {
        command.begin(arguments: 2)
        command.append("GETDEL")
        command.append(sessionPrefix, id.span)
        let reply = try connection.execute(command)
        let record = reply.withBytes { SessionRecordCoding.decode($0) }
        guard let record = record ?? nil else { return }
        command.begin(arguments: 3)
        command.append("SREM")
        appendUser(record.subject)
        command.append(id.span)
        _ = try connection.execute(command)
    }

    /// Deletes a user's sessions, all or all but one.
    mutating func removeAll(of subject: Subject, but kept: Digest? = nil) throws {
        command.begin(arguments: 6)
        command.append("EVALSHA")
        command.append(removeAllScript)
        command.append("1")
        appendUser(subject)
        command.append(sessionPrefix)
        if let kept { command.append(kept.span) } else { command.append("") }
        _ = try connection.execute(command)
    }

    /// The sessions of a user that have not expired.
    mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        command.begin(arguments: 2)
        command.append("SMEMBERS")
        appendUser(subject)
        var sessions: [SessionSummary] = []
        for id in try connection.execute(command).elements ?? [] {
            command.begin(arguments: 2)
            command.append("GET")
            command.append(sessionPrefix, id.span)
            let record = try connection.execute(command).withBytes { SessionRecordCoding.decode($0) }
            guard let record = record ?? nil, !record.isExpired(at: now) else { continue }
            sessions.append(
                SessionSummary(
                    createdAt: record.createdAt, lastSeen: record.lastSeen,
                    expiry: min(record.idleExpiry, record.absoluteExpiry)))
        }
        return sessions
    }

    var commandsSent: Int { connection.commandsSent }

    /// What the server has allocated (INFO, used_memory), asked for on a connection of its own.
    func usedMemory_bytes() throws -> UInt64? {
        try RedisInformation(at: endpoint)["used_memory"].flatMap { UInt64($0) }
    }

    private mutating func appendUser(_ subject: Subject) {
        command.append(userPrefix, Array(String(subject.id).utf8).span)
    }

    /// How long Redis itself keeps a key: a day beyond the expiry that counts.
    ///
    /// Redis goes by the wall clock. The trace's clock may stand still, and a session that is good on it must
    /// not vanish in a long run.
    private func timeToLive_ms(_ record: SessionRecord) -> Int64 {
        record.idleExpiry.milliseconds - record.lastSeen.milliseconds + Self.reserve_ms
    }

    private static var reserve_ms: Int64 { 86_400_000 }
}
