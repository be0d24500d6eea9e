import CAuthBenchHiredis
import Glibc

/// What a server says of itself in answer to `INFO`.
package struct RedisInformation: Sendable {
    private var fields: [String: String] = [:]

    /// Asks the server; also the way to find out whether it is a usable one.
    package init(
        at endpoint: RedisEndpoint, section: String = "default", timeout_ms: Int = 2000
    ) throws(RedisError) {
        var connection = try RedisConnection(endpoint, timeout_ms: timeout_ms)
        guard let text = try connection.execute(RedisCommand("INFO", section)).text else {
            throw .unexpectedReply(command: "INFO")
        }
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
    }

    package subscript(name: String) -> String? { fields[name] }

    package var version: String { fields["redis_version"] ?? "unknown" }

    /// The first version that has all commands that are sent: `GETDEL` and `ZRANGE` with `BYSCORE`
    /// (https://redis.io/docs/latest/commands/).
    package static let leastVersion = "6.2"

    /// Whether the server is too old; one that tells no version is taken as it is.
    package var isTooOld: Bool {
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        guard numbers.count >= 2 else { return false }
        return (numbers[0], numbers[1]) < (6, 2)
    }
}

/// By what a server shows whether it has lost what it was told.
package struct RedisHealth: Sendable, Equatable {
    var runID: String?
    var evicted: UInt64 = 0
    var flushes: UInt64 = 0
    var policy: String?
    var maximum: String?

    /// Asks the server; what it does not tell is not compared.
    package init(at endpoint: RedisEndpoint) throws(RedisError) {
        let information = try RedisInformation(at: endpoint)
        runID = information["run_id"]
        evicted = information["evicted_keys"].flatMap { UInt64($0) } ?? 0
        (policy, maximum) = (information["maxmemory_policy"], information["maxmemory_human"])
        guard let commands = try? RedisInformation(at: endpoint, section: "commandstats") else { return }
        for name in ["cmdstat_flushall", "cmdstat_flushdb"] {
            // calls=1,usec=21,...
            let calls = commands[name]?.split(separator: ",").first { $0.hasPrefix("calls=") }
            flushes += calls.flatMap { UInt64($0.dropFirst("calls=".count)) } ?? 0
        }
    }

    /// - Parameters:
    ///   - before: how it was at the beginning.
    ///   - mayRestart: whether a server that was started again has got its keys back from another.
    /// - Returns: what was lost since then, as the end of a sentence; `nil` where nothing shows.
    package func loss(since before: Self, mayRestart: Bool = false) -> String? {
        if runID != before.runID {
            return mayRestart ? nil : "Redis was restarted during the run and lost its keys"
        }
        if flushes > before.flushes { return "somebody emptied Redis during the run (FLUSHALL or FLUSHDB)" }
        guard evicted > before.evicted else { return nil }
        return
            "Redis evicted \(evicted - before.evicted) keys during the run (maxmemory \(maximum ?? "unknown"),"
            + " maxmemory-policy \(policy ?? "unknown")): give it more memory, or set the policy noeviction"
    }
}

/// The server's configuration as far as it decides how fast it is.
package enum RedisConfiguration {
    /// What is asked for, and no more: a configuration also holds passwords.
    private static let names = [
        "save", "appendonly", "appendfsync", "maxmemory", "maxmemory-policy", "io-threads", "databases", "hz",
        "port", "unixsocket",
    ]

    /// Asks the server, one `CONFIG GET` for each name, since servers before 7.0 take no more.
    ///
    /// - Returns: the values by name; those that the server does not know are missing.
    /// - Throws: `RedisError.server` when `CONFIG` is renamed or forbidden, as on many hosted servers.
    package static func values(at endpoint: RedisEndpoint) throws(RedisError) -> [String: String] {
        var connection = try RedisConnection(endpoint)
        var values: [String: String] = [:]
        for name in names {
            let reply = try connection.execute(RedisCommand("CONFIG", "GET", name))
            guard let pair = reply.elements else { throw .unexpectedReply(command: "CONFIG GET") }
            if pair.count == 2 { values[name] = String(decoding: pair[1], as: UTF8.self) }
        }
        return values
    }
}

extension RedisConnection {
    /// Where the server is that answers this connection; `nil` when the connection is broken.
    package var topology: ServerTopology? {
        ServerTopology(
            endpoint.address, peer: SocketAddress.peer(of: descriptor),
            local: SocketAddress.local(of: descriptor))
    }
}

extension StoreRoundTrips {
    /// Sends `PING` again and again over a connection; the first ones are not counted.
    ///
    /// - Throws: `RedisError` when the server does not answer.
    package init(
        over connection: inout RedisConnection, warmUp: Int = 100, count: Int = 1000,
        limit_ns: UInt64 = 500_000_000
    ) throws(RedisError) {
        let ping = RedisCommand("PING")
        self = try Self(warmUp: warmUp, count: count, limit_ns: limit_ns) { () throws(RedisError) in
            _ = try connection.execute(ping)
        }
    }
}

/// The client library; it tells its version in its headers only, so this is the one compiled against.
package enum HiredisVersion {
    package static var compiled: String { "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH)" }
}
