import AuthCore
import AuthText
import Backends
import Foundation

extension Trial where S: ~Copyable {
    /// No credential that was issued may stand in the store, neither as text nor as the bytes that it encodes.
    mutating func checkStoreHoldsNoCredential() throws {
        var secrets: [[UInt8]] = []
        for _ in 0..<50 {
            let credential = try here.login(alice, at: start)
            let token =
                credential.refreshToken.isEmpty
                ? CredentialLine(credential.headerLine).secret : credential.refreshToken
            secrets.append(token)
            if let bytes = Base64URL.decode(token.span) { secrets.append(bytes) }
        }
        let dump = try StoreDump.bytes(environment)
        guard !dump.isEmpty else { throw NotTriedError("what it keeps is in no store that the kit can read") }
        for secret in secrets {
            try require(
                dump.range(of: Data(secret)) == nil,
                "a dump of the store holds a credential that could be presented")
        }
    }
}

extension Trial where S: ~Copyable {
    /// SES-21: of what sign-ins leave in Redis, every key that no decision needs is lost, as when memory runs out.
    mutating func checkLostIndex() throws {
        let servers = try StoreDump.redisServers(environment)
        guard !servers.isEmpty else { throw NotTriedError("the run has no Redis server") }
        for (subject, signsInAgain) in [(Subject(id: 10), false), (Subject(id: 11), true)] {
            let before = try servers.map { try StoreDump.keys($0) }
            var own = try (0..<3).map { _ in try here.login(subject, at: start) }
            for (server, before) in zip(servers, before) {
                var connection = try RedisConnection(server.endpoint)
                for key in try StoreDump.keys(server).subtracting(before) {
                    try lose(key, on: &connection, unlessNeededBy: own, of: subject)
                }
            }
            // What was lost may have been made anew since, without those from before.
            if signsInAgain { own.append(try here.login(subject, at: start)) }
            try there.logoutEverywhere(subject, at: start)
            for credential in own {
                try mustRefuseEnded(
                    credential.headerLine, "a session whose index was lost, after logout everywhere",
                    by: .there)
            }
        }
    }

    /// Deletes a key, and puts it back where something needs it.
    private mutating func lose(
        _ key: [UInt8], on connection: inout RedisConnection, unlessNeededBy credentials: [Credential],
        of subject: Subject
    ) throws {
        func command(_ name: StaticString, _ rest: [UInt8]...) -> RedisCommand {
            var command = RedisCommand()
            command.begin(arguments: 2 + rest.count)
            command.append(name)
            command.append(key)
            for argument in rest { command.append(argument) }
            return command
        }
        let dump = try connection.execute(command("DUMP")).bytes ?? []
        let left_ms = max(0, try connection.execute(command("PTTL")).integer ?? 0)
        _ = try connection.execute(command("DEL"))
        var isNeeded = false
        for credential in credentials where !isNeeded {
            isNeeded = try here.authenticate(credential, at: start) != .accepted(subject)
        }
        guard isNeeded else { return }
        _ = try connection.execute(command("RESTORE", Array(String(left_ms).utf8), dump))
    }
}

/// Everything that a run's stores hold.
enum StoreDump {
    static func bytes(_ environment: Environment) throws -> Data {
        var dump = Data()
        for suffix in ["", "-wal"] {
            // A strategy without SQLite has no file.
            dump += (try? Data(contentsOf: URL(fileURLWithPath: environment.sqlite.path + suffix))) ?? Data()
        }
        if let settings = environment.postgres { dump += try bytes(settings) }
        if let settings = environment.authority { dump += bytes(settings) }
        for server in try redisServers(environment) {
            var connection = try RedisConnection(server.endpoint)
            for key in try keys(server) {
                var command = RedisCommand()
                command.begin(arguments: 2)
                command.append("DUMP")
                command.append(key)
                dump += Data(key) + Data(try connection.execute(command).bytes ?? [])
            }
        }
        return dump
    }

    /// The Redis servers of a run that have keys of their own, those of a cluster too, and the prefix of the run's keys.
    static func redisServers(_ environment: Environment) throws -> [(endpoint: RedisEndpoint, prefix: String)]
    {
        var found: [(endpoint: RedisEndpoint, prefix: String)] = []
        if let redis = environment.redis, let endpoint = RedisEndpoint(url: redis.url) {
            found.append((endpoint, redis.keyPrefix))
        }
        if let cluster = environment.redisCluster, let nodes = RedisEndpoint.cluster(url: cluster.url) {
            found += try RedisSlotMap(at: nodes).masters.map { ($0, cluster.keyPrefix) }
        }
        return found
    }

    static func keys(_ server: (endpoint: RedisEndpoint, prefix: String)) throws -> Set<[UInt8]> {
        var connection = try RedisConnection(server.endpoint)
        return try RedisKeys.list(under: server.prefix, on: &connection)
    }

    /// The database of the realm.
    private static func bytes(_ settings: AuthoritySettings) -> Data {
        let realm = settings.url.split(separator: "/").last.map { "\($0)." } ?? "/"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: settings.folder)) ?? []
        return files.filter { $0.hasPrefix(realm) && $0.contains(".sqlite") }.reduce(into: Data()) {
            dump, file in
            // What has just been removed holds nothing.
            dump +=
                (try? Data(contentsOf: URL(fileURLWithPath: settings.folder).appendingPathComponent(file)))
                ?? Data()
        }
    }

    /// Every value of every table of the schema: as text, and where that is hexadecimal also as the bytes it stands for.
    private static func bytes(_ settings: PostgreSQLSettings) throws -> Data {
        guard var endpoint = PostgreSQLEndpoint(url: settings.url) else { return Data() }
        endpoint.schema = settings.schema
        var connection = try PostgreSQLConnection(endpoint)
        let tables = try connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = '\(settings.schema)'")
        var dump = Data()
        for table in 0..<tables.count {
            let rows = try connection.execute("SELECT * FROM \(tables.text(table, 0))")
            for row in 0..<rows.count {
                for column in 0..<rows.columns {
                    let text = rows.text(row, column)
                    dump += Data(text.utf8)
                    if text.hasPrefix("\\x") { dump += Data(hexadecimal: text.dropFirst(2)) }
                }
            }
        }
        return dump
    }
}

extension Data {
    fileprivate init(hexadecimal text: Substring) {
        let digits = text.compactMap(\.hexDigitValue)
        self.init(
            stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}
