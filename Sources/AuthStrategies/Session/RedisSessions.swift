import AuthCore
import Backends

/// Sessions in Redis: one string key a session, named by the SHA-256 of its token, and one sorted set a user that
/// names the user's sessions.
///
/// What changes two keys is a script, so that no other client ever sees half of it. Every key has a native
/// TTL; the expiry that counts is in the record, on the trace's clock. Each command may be sent twice without harm, so
/// that a connection which the server closed costs nothing but the time to open another one.
public struct RedisSessions<Line: RedisSessionLine & ~Copyable>: ScopedSessionStore, ~Copyable {
    private var connection: Line
    private var command = RedisCommand()
    /// The last touch, until it is known what became of it.
    private var touchCommand = RedisCommand()
    private var prefixes: RedisPrefixes
    private let scripts: LoadedRedisScripts
    private var tracking: RedisTracking?
    private let lifetimes: Lifetimes
    private let settings: RedisSettings
    public private(set) var data: SessionData
    public private(set) var touchFailures = 0

    public init(in environment: Environment, sharing _: Void) throws {
        let settings = try Line.settings(environment)
        // What can fail first: a noncopyable value cannot be left half made.
        var connection = try Line.connect(settings)
        let scripts = try LoadedRedisScripts(on: &connection)
        let tracking = try RedisTracking(of: settings, environment.policy.parameters)
        prefixes = RedisPrefixes(settings.keyPrefix, tagLength: Line.tagLength)
        lifetimes = environment.policy.lifetimes
        data = SessionData(count: environment.policy.session_bytes)
        self.tracking = tracking
        self.connection = connection
        self.settings = settings
        self.scripts = scripts
    }

    public mutating func hearChanges(_ take: (SessionChange) -> Void) throws {
        try tracking?.hear(keysBehind: prefixes.session, take)
    }

    /// One round trip: the record where it exists, and whether its scope grants what the route requires.
    public mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        var isGranted = false
        return try find(id) { isGranted = scope.isGranted(by: $0) }.map { ($0, isGranted) }
    }

    mutating func read(_ id: Digest, scope: inout [UInt8]) throws -> SessionRecord? {
        try find(id) { ByteCopy.copy($0, into: &scope) }
    }

    @inline(__always)
    private mutating func find(_ id: Digest, _ takeScope: (Span<UInt8>) -> Void) throws -> SessionRecord? {
        turn(to: id)
        command.begin(arguments: 2)
        command.append("GET")
        command.append(prefixes.session, id.span)
        let reply = try tracking?.execute(command) ?? answer()
        if reply.isNil { return nil }
        let record = try reply.withBytes { bytes throws -> SessionRecord? in
            let scope_start = SessionRecordCoding.integers_bytes + data.count
            guard let record = SessionRecordCoding.decode(bytes), scope_start <= bytes.count else {
                if SessionRecordCoding.isMoved(bytes) { return nil }
                throw DamagedStoreError(table: "Redis", "a session of \(bytes.count) bytes")
            }
            if data.count > 0 {
                data.take(bytes.extracting(SessionRecordCoding.integers_bytes..<scope_start))
            }
            takeScope(bytes.extracting(scope_start..<bytes.count))
            return record
        }
        guard let record else { throw RedisError.unexpectedReply(command: "GET") }
        return record
    }

    public mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws {
        prepareSave((id, record), scope)
        _ = try answer(of: scripts.save, replicas: Line.waitsForLogins ? settings.replicas : 0)
    }

    /// Sends a thousand commands before the first reply is read: more would only wait in buffers.
    public mutating func saveAll(
        _ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]
    ) throws {
        for start in stride(from: 0, to: sessions.count, by: 1000) {
            try pipeline(sessions[start..<min(start + 1000, sessions.count)], scope: scope)
        }
    }

    /// Stores new sessions: the first waits for its reply, the commands of the others are sent before one is read.
    ///
    /// - Parameters:
    ///   - sessions: what to store under which name.
    ///   - scope: what they permit.
    ///   - afterFirst: called before the others are sent, for tests of a server that forgets scripts there.
    /// - Throws: `RedisError`, the first of those met; some sessions may have been stored then.
    mutating func pipeline(
        _ sessions: ArraySlice<(id: Digest, record: SessionRecord)>, scope: [UInt8],
        afterFirst: () throws -> Void = {}
    ) throws {
        guard let first = sessions.first else { return }
        try save(first.record, as: first.id, scope: scope)
        try afterFirst()
        for session in sessions.dropFirst() {
            prepareSave(session, scope)
            try connection.send(command)
        }
        var (again, failure) = ([Int](), RedisError?.none)
        // Every reply is read, also after an error: what is left would answer the next command.
        for index in sessions.indices.dropFirst() {
            do throws(RedisError) { _ = try connection.receive() } catch {
                let isUndone = error.isUnknownScript || error.isRedirection
                if isUndone { again.append(index) } else { failure = failure ?? error }
            }
        }
        if let failure { throw failure }
        for index in again { try save(sessions[index].record, as: sessions[index].id, scope: scope) }
        if Line.waitsForLogins, settings.replicas > 0 {
            try connection.wait(forReplicas: settings.replicas)
        }
    }

    private mutating func prepareSave(_ session: (id: Digest, record: SessionRecord), _ scope: [UInt8]) {
        let (id, record) = session
        turn(to: id)
        command.begin(scripts.save, keys: 2, arguments: 9)
        command.append(prefixes.session, id.span)
        command.append(prefixes.user, SessionRecordCoding.user(record.subject).span)
        let data = data.count > 0 ? data.make(for: record.subject) : []
        command.append(SessionRecordCoding.encode(record, data: data, scope: scope))
        command.append(id, record, lifetimes)
        command.append(record.lastSeen.advanced(byMilliseconds: -RedisLife.reserve_ms).milliseconds)
    }

    /// Writes a record back, but only over one that is still there, and not what it permits.
    ///
    /// Nobody waits for the reply: the read has decided. What fails for good is counted.
    public mutating func touch(_ id: Digest, _ record: SessionRecord) {
        turn(to: id)
        touchCommand.begin(scripts.touch, keys: 2, arguments: 8)
        touchCommand.append(prefixes.session, id.span)
        touchCommand.append(prefixes.user, SessionRecordCoding.user(record.subject).span)
        touchCommand.append(SessionRecordCoding.encode(record))
        touchCommand.append(id, record, lifetimes)
        do { try connection.post(touchCommand, of: scripts.touch) } catch { touchFailures += 1 }
    }

    public mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        turn(to: old)
        command.begin(scripts.rotate, keys: 3, arguments: 11)
        command.append(prefixes.session, old.span)
        command.append(prefixes.session, new.span)
        command.append(prefixes.user, SessionRecordCoding.user(record.subject).span)
        command.append(SessionRecordCoding.encode(record))
        command.append(new, record, lifetimes)
        command.append(old.span)
        command.append(RedisLife.crossing_ms)
        return try answer(of: scripts.rotate, replicas: settings.replicas).integer == 1
    }

    /// Deletes a session, also by the name that its last renewals replaced within the last minute.
    public mutating func remove(_ id: Digest) throws { try remove(id, replicas: settings.replicas) }

    /// The replicas have the last when they have all.
    public mutating func removeAll(_ ids: [Digest]) throws {
        for id in ids { try remove(id, replicas: 0) }
        if settings.replicas > 0 { try connection.wait(forReplicas: settings.replicas) }
    }

    private mutating func remove(_ id: Digest, replicas: Int) throws {
        turn(to: id)
        command.begin(scripts.remove, keys: 1, arguments: 4)
        command.append(prefixes.session, id.span)
        command.append(prefixes.session)
        command.append(prefixes.user)
        command.append(id.span)
        _ = try answer(of: scripts.remove, replicas: replicas)
    }

    /// Deletes a user's sessions, all or all but one.
    public mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        let name = kept.map { kept in kept.indices.map { kept[$0] } }
        _ = try each(of: subject, "remove", name ?? [], at: now, replicas: settings.replicas)
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        _ = try each(of: subject, "grant", scope, at: now, replicas: settings.replicas)
    }

    /// The sessions of a user that have not expired.
    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        try each(of: subject, "list", [], at: now, replicas: 0).compactMap { value in
            guard let record = SessionRecordCoding.decode(value.span) else {
                throw DamagedStoreError(table: "Redis", "a session of \(value.count) bytes")
            }
            return record.isExpired(at: now) ? nil : record.summary
        }
    }

    public var commandsSent: Int { connection.commandsSent + tracking.commandsSent }
    public var roundTrips: Int { connection.roundTrips + tracking.roundTrips }

    public mutating func usedBytes() throws -> UInt64? { try Line.usedBytes(settings) }

    /// Turns to the keys of a session, whose name begins with its tag.
    @inline(__always)
    private mutating func turn(to id: Digest) { turn(to: id.span.extracting(first: Line.tagLength)) }

    @inline(__always)
    private mutating func turn(to tag: Span<UInt8>) {
        prefixes.set(tag: tag)
        connection.turn(to: prefixes.session)
    }

    // MARK: All sessions of a user

    /// Does something to every session of a user, and searches the server first where the index may not name them all.
    private mutating func each(
        of subject: Subject, _ action: StaticString, _ argument: [UInt8], at now: Instant, replicas: Int
    ) throws -> [[UInt8]] {
        let tag = Line.tag(of: subject)
        turn(to: tag.span)
        let longest_ms = min(lifetimes.idle_ms, lifetimes.absolute_ms) + RedisLife.clockStep_ms
        for _ in 0..<3 {
            command.begin(scripts.each, keys: 1, arguments: 6)
            command.append(prefixes.user, SessionRecordCoding.user(subject).span)
            command.append(now.advanced(byMilliseconds: -longest_ms).milliseconds)
            command.append(prefixes.session)
            command.append(action)
            command.append(argument)
            command.append(Int64(SessionRecordCoding.integers_bytes + data.count))
            if let records = try answer(of: scripts.each, replicas: replicas).elements { return records }
            try searchAll(for: subject, at: now)
        }
        throw RedisError.server(message: "an index that is lost again and again: is its memory too small?")
    }

    /// Puts every session of a user back into the index, some hundred keys at a time: a server answers nobody else meanwhile.
    private mutating func searchAll(for subject: Subject, at now: Instant) throws {
        let mark = Array("search ".utf8) + (try SecureRandom.bytes(16))
        let index = SessionRecordCoding.user(subject)
        command.begin(scripts.beginSearch, keys: 1, arguments: 5)
        command.append(prefixes.user, index.span)
        command.append(-max(0, now.milliseconds))
        command.append(max(0, now.milliseconds))
        command.append(mark)
        command.append(RedisLife.indexLife_ms(lifetimes))
        _ = try answer(of: scripts.beginSearch)
        let connections = connection.connections
        var cursor = Array("0".utf8)
        repeat {
            command.begin(scripts.search, keys: 1, arguments: 5)
            command.append(prefixes.user, index.span)
            command.append(cursor)
            command.append(RedisKeys.pattern(under: prefixes.session))
            command.append(Int64(prefixes.session.count))
            command.append(index)
            guard let next = try answer(of: scripts.search).bytes else {
                throw RedisError.unexpectedReply(command: "SCAN")
            }
            cursor = next
            // A cursor says nothing to another server, which may have taken the place of this one.
            guard connection.connections == connections else { return }
        } while cursor != Array("0".utf8)
        command.begin(scripts.endSearch, keys: 1, arguments: 2)
        command.append(prefixes.user, index.span)
        command.append(mark)
        _ = try answer(of: scripts.endSearch)
    }

    private mutating func answer() throws(RedisError) -> RedisReply {
        #if AUTHBENCH_DEFECT || DEBUG
            if ChosenDefect.defect == .named(.command) {
                try connection.post(RedisCommand("TIME"), of: scripts.touch)
            }
        #endif
        let reply = try connection.execute(command, isRepeatable: true)
        settleTouch()
        return reply
    }

    private mutating func answer(
        of script: RedisScript, replicas: Int = 0
    ) throws(RedisError) -> RedisReply {
        let reply = try connection.execute(command, of: script, isRepeatable: true, replicas: replicas)
        settleTouch()
        return reply
    }

    /// Does the last touch again where the server did not know the script or had closed the connection.
    private mutating func settleTouch() {
        guard let error = connection.takePostError() else { return }
        do throws(RedisError) {
            if case .server = error, !error.isUnknownScript { throw error }
            _ = try connection.execute(touchCommand.spelledOut(scripts.touch), isRepeatable: true)
        } catch { touchFailures += 1 }
    }
}
