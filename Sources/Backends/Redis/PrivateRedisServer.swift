import Foundation
import Glibc
import Synchronization

/// A redis-server of our own, which nobody else can reach: nothing saved, gone when we are.
package final class PrivateRedisServer: Sendable {
    /// How clients reach the server.
    package enum Transport: String, Sendable, CaseIterable {
        /// A socket in a folder of this run, which only its user may enter.
        case unix
        /// A free port of the loopback interface, with a password of this run.
        case tcp
    }

    /// How long the server may take to answer for the first time.
    private static let patience_s = 5.0

    /// Where it listens, as `RedisEndpoint` reads it.
    package let url: String
    package let endpoint: RedisEndpoint
    private let program: URL
    private let place: Place
    private let folder: URL
    private let process: Mutex<ChildProcess>

    package var processID: Int32 { process.withLock { $0.id } }
    package var isRunning: Bool { process.withLock { $0.isRunning } }
    /// The ports of a node of a cluster: for clients, and for the other nodes.
    package var ports: (clients: UInt16, bus: UInt16)? {
        place.ports.count == 2 ? (place.ports[0].number, place.ports[1].number) : nil
    }

    /// Starts the server and waits until it answers.
    ///
    /// Call on a thread that lives as long as the program (`ChildProcess`).
    ///
    /// - Parameters:
    ///   - folder: the server's working folder, which only this user may enter.
    ///   - transport: how clients reach it.
    ///   - password: that of the cluster of which it is a node, at a port; `nil` for a server of its own.
    /// - Throws: `RedisServerError` when the program is missing or does not answer.
    package init(
        folder: URL, over transport: Transport = .unix, inClusterOf password: String? = nil
    ) throws(RedisServerError) {
        guard let program = Executable.find("redis-server") else {
            throw RedisServerError(
                description: "redis-server was not found on the PATH: install the package redis-server"
                    + " (apt-get install redis-server), or name a running server with --redis")
        }
        let limit = ContinuousClock.now + .seconds(Self.patience_s)
        var failure = "no port is free"
        // Another program may take the port between our look and the server's start.
        repeat {
            guard let place = try Place(transport, folder, inClusterOf: password),
                let endpoint = RedisEndpoint(url: place.url)
            else { continue }
            let process = try Self.start(program, place)
            if Self.answers(endpoint, process, until: limit) {
                (url, self.endpoint, self.folder) = (place.url, endpoint, folder)
                (self.program, self.place) = (program, place)
                self.process = Mutex(process)
                return
            }
            failure = Self.failure(process, folder)
            process.end()
        } while transport == .tcp && ContinuousClock.now < limit
        throw RedisServerError(description: "redis-server could not be started: \(failure)")
    }

    deinit { stop() }

    /// Ends the server and waits until it is gone; nothing is saved, so there is nothing for it to put in order.
    package func stop() { process.withLock { _ = $0.end() } }

    // MARK: What can happen to a server

    /// Lets the server do nothing until `resume`; its connections stay (SIGSTOP).
    package func suspend() { kill(processID, SIGSTOP) }

    package func resume() { kill(processID, SIGCONT) }

    /// Starts the server again, empty, where it was before.
    ///
    /// - Throws: `RedisServerError` when it does not answer.
    package func restart() throws(RedisServerError) {
        stop()
        let fresh = try Self.start(program, place)
        process.withLock { $0 = fresh }
        guard Self.answers(endpoint, fresh, until: ContinuousClock.now + .seconds(Self.patience_s)) else {
            throw RedisServerError(
                description: "redis-server could not be started again: \(Self.failure(fresh, folder))")
        }
    }

    /// Makes the server a replica of another, and waits until it has all that the other has.
    ///
    /// - Parameters:
    ///   - primary: the other.
    ///   - port: where it is reached on 127.0.0.1.
    /// - Throws: `RedisServerError` when it does not follow.
    package func follow(_ primary: PrivateRedisServer, port: UInt16) throws(RedisServerError) {
        do throws(RedisError) {
            // The default of 5 s is for many replicas at once.
            try primary.ask(RedisCommand("CONFIG", "SET", "repl-diskless-sync-delay", "0"))
            if let password = primary.endpoint.password {
                try ask(RedisCommand("CONFIG", "SET", "masterauth", password))
            }
            try ask(RedisCommand("REPLICAOF", "127.0.0.1", String(port)))
            let limit = ContinuousClock.now + .seconds(2 * Self.patience_s)
            while try RedisInformation(at: endpoint, section: "replication")["master_link_status"] != "up" {
                guard ContinuousClock.now < limit else {
                    throw RedisError.connection(operation: "follow", message: "timed out")
                }
                usleep(5000)
            }
            // A replica is called online before it gets what is written: that begins with its next word, within a second.
            try primary.waitForReplica()
        } catch { throw RedisServerError(description: "the replica of Redis does not follow: \(error)") }
    }

    /// Waits until a replica has all that was written so far.
    ///
    /// - Parameter key: one that may be written and that the server has.
    /// - Throws: `RedisError` where it does not have it in time.
    package func waitForReplica(of key: String = "authbench:replica") throws(RedisError) {
        var connection = try RedisConnection(endpoint)
        _ = try connection.execute(RedisCommand("SET", key, "1", "PX", "1"))
        try connection.wait(forReplicas: 1)
    }

    /// Makes a replica a server of its own, with what it has got so far.
    ///
    /// - Parameter password: what clients will send; `nil` for nothing.
    /// - Throws: `RedisError` when it does not answer.
    package func promote(password: String?) throws(RedisError) {
        try ask(RedisCommand("REPLICAOF", "NO", "ONE"))
        if let password { try ask(RedisCommand("CONFIG", "SET", "requirepass", password)) }
    }

    private func ask(_ command: RedisCommand) throws(RedisError) {
        var connection = try RedisConnection(endpoint)
        _ = try connection.execute(command)
    }

    private static func start(_ program: URL, _ place: Place) throws(RedisServerError) -> ChildProcess {
        do throws(FileError) { return try ChildProcess(program, place.arguments) } catch {
            throw RedisServerError(description: "\(error)")
        }
    }

    /// Where a server listens, and how it is told to.
    private struct Place {
        let url: String
        let arguments: [String]
        /// Held as long as the server may be started there again.
        let ports: [ReservedPort]

        /// - Returns: `nil` where no port is free.
        init?(_ transport: Transport, _ folder: URL, inClusterOf password: String?) throws(RedisServerError) {
            let common = [
                "--save", "", "--appendonly", "no", "--dir", folder.path, "--daemonize", "no", "--logfile",
                folder.appendingPathComponent("redis.log").path,
            ]
            switch transport {
            case .unix:
                let path = folder.appendingPathComponent("redis.sock").path
                // sun_path has 108 bytes, the last of them 0 (unix(7)).
                guard path.utf8.count <= 107 else {
                    throw RedisServerError(
                        description:
                            "\(path) is longer than the 107 bytes of a socket's name: set TMPDIR to a"
                            + " shorter folder, or use --private-redis tcp")
                }
                url = "unix://" + path
                arguments = ["--port", "0", "--unixsocket", path, "--unixsocketperm", "700"] + common
                ports = []
            case .tcp:
                ports = (0..<(password == nil ? 1 : 2)).compactMap { _ in ReservedPort() }
                guard let port = ports.first, password == nil || ports.count == 2 else { return nil }
                let secret = password ?? RedisPassword.drawn()
                url = "redis://:\(secret)@127.0.0.1:\(port.number)"
                // In a file, because everybody can read the arguments of a program.
                let file = folder.appendingPathComponent("redis.conf")
                do {
                    try Data("requirepass \(secret)\nmasterauth \(secret)\n".utf8).write(to: file)
                } catch {
                    throw RedisServerError(description: "\(file.path) cannot be written: is the disk full?")
                }
                let node = ports.dropFirst().flatMap { bus in
                    PrivateRedisCluster.settings + ["--cluster-port", String(bus.number)]
                }
                arguments =
                    [file.path, "--port", String(port.number), "--bind", "127.0.0.1"] + node + common
            }
        }
    }

    /// Whether our own process, no other that took the port, answers.
    private static func answers(
        _ endpoint: RedisEndpoint, _ process: ChildProcess, until limit: ContinuousClock.Instant
    ) -> Bool {
        while process.isRunning, ContinuousClock.now < limit {
            if let information = try? RedisInformation(at: endpoint, timeout_ms: 500) {
                return information["process_id"] == String(process.id)
            }
            usleep(2000)
        }
        return false
    }

    private static func failure(_ process: ChildProcess, _ folder: URL) -> String {
        switch process.wait(within_s: 0) {
        case .status(let status): "it ended with status \(status); \(lastWords(in: folder))"
        case .signal(let number): "it ended by signal \(number); \(lastWords(in: folder))"
        case nil: "it did not answer within \(Int(patience_s)) s"
        }
    }

    /// The last line of the server's log.
    private static func lastWords(in folder: URL) -> String {
        let log = try? String(contentsOf: folder.appendingPathComponent("redis.log"), encoding: .utf8)
        return log?.split(separator: "\n").last.map { "its log ends with: \($0)" } ?? "it wrote no log"
    }
}

/// A password of a run.
enum RedisPassword {
    static func drawn() -> String { UUID().uuidString + UUID().uuidString }
}

/// Why no private server runs.
package struct RedisServerError: Error, CustomStringConvertible {
    package var description: String
}
