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
    private let arguments: [String]
    private let folder: URL
    private let process: Mutex<ChildProcess>

    package var processID: Int32 { process.withLock { $0.id } }

    /// Starts the server and waits until it answers.
    ///
    /// Call on a thread that lives as long as the program (`ChildProcess`).
    ///
    /// - Parameters:
    ///   - folder: the server's working folder, which only this user may enter.
    ///   - transport: how clients reach it.
    /// - Throws: `RedisServerError` when the program is missing or does not answer.
    package init(folder: URL, over transport: Transport = .unix) throws(RedisServerError) {
        guard let program = Executable.find("redis-server") else {
            throw RedisServerError(
                description: "redis-server was not found on the PATH: install the package redis-server"
                    + " (apt-get install redis-server), or name a running server with --redis")
        }
        let limit = ContinuousClock.now + .seconds(Self.patience_s)
        var failure = "no port is free"
        // Another program may take the port between our look and the server's start.
        repeat {
            let place = try Place(transport, folder)
            guard let endpoint = RedisEndpoint(url: place.url) else { continue }
            let process: ChildProcess
            do throws(FileError) {
                process = try ChildProcess(program, place.arguments + Self.arguments(folder))
            } catch { throw RedisServerError(description: "\(error)") }
            if Self.answers(endpoint, process, until: limit) {
                (url, self.endpoint, self.folder) = (place.url, endpoint, folder)
                (self.program, arguments) = (program, place.arguments + Self.arguments(folder))
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
        let fresh: ChildProcess
        do throws(FileError) { fresh = try ChildProcess(program, arguments) } catch {
            throw RedisServerError(description: "\(error)")
        }
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
    /// - Throws: `RedisError` where it does not have it in time.
    package func waitForReplica() throws(RedisError) {
        var connection = try RedisConnection(endpoint)
        _ = try connection.execute(RedisCommand("SET", "authbench:replica", "1", "PX", "1"))
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

    private static func arguments(_ folder: URL) -> [String] {
        [
            "--save", "", "--appendonly", "no", "--dir", folder.path, "--daemonize", "no", "--logfile",
            folder.appendingPathComponent("redis.log").path,
        ]
    }

    /// Where a server listens, and how it is told to.
    private struct Place {
        var url: String
        var arguments: [String]

        init(_ transport: Transport, _ folder: URL) throws(RedisServerError) {
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
                arguments = ["--port", "0", "--unixsocket", path, "--unixsocketperm", "700"]
            case .tcp:
                let password = UUID().uuidString + UUID().uuidString
                let port = LoopbackPort.free() ?? 0
                url = "redis://:\(password)@127.0.0.1:\(port)"
                // In a file, because everybody can read the arguments of a program.
                let file = folder.appendingPathComponent("redis.conf")
                do {
                    try Data("requirepass \(password)\n".utf8).write(to: file)
                } catch {
                    throw RedisServerError(description: "\(file.path) cannot be written: is the disk full?")
                }
                arguments = [file.path, "--port", String(port), "--bind", "127.0.0.1"]
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

/// Why no private server runs.
package struct RedisServerError: Error, CustomStringConvertible {
    package var description: String
}

/// Finds a TCP port on 127.0.0.1 that nobody listens on.
package enum LoopbackPort {
    package static func free() -> UInt16? {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        return bind(socket, to: 0) == 0 ? number(of: socket) : nil
    }

    /// The port that a socket has.
    static func number(of socket: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(socket, address, &length)
            }
        }
        return result == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// Gives a socket a port of 127.0.0.1; port 0 is any free one (bind(2)).
    static func bind(_ socket: Int32, to port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe Glibc.bind(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A TCP port of 127.0.0.1 for a program that takes a while until it listens: meanwhile no other command of this program takes
/// it, and the system gives it to nobody who asks for any port.
package final class ReservedPort: Sendable {
    package let number: UInt16
    private let claim: Int32

    /// - Returns: `nil` where none is free.
    package init?() {
        for _ in 0..<500 {
            let number = UInt16.random(in: Self.range)
            // UDP has ports of its own: one of them, with the same number, says that the other is taken.
            let claim = Self.bound(to: number, SOCK_DGRAM)
            guard claim >= 0 else { continue }
            let trial = Self.bound(to: number, SOCK_STREAM)
            if trial >= 0 {
                close(trial)
                (self.number, self.claim) = (number, claim)
                return
            }
            close(claim)
        }
        return nil
    }

    deinit { close(claim) }

    /// Below the ports that the system gives out (ip(7), `ip_local_port_range`), where there are enough.
    private static var range: ClosedRange<UInt16> {
        let text = SystemFile.line("/proc/sys/net/ipv4/ip_local_port_range") ?? ""
        let lowest = text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt16($0) } ?? 0
        return lowest > 20_000 ? 10_000...(lowest - 1) : 1_024...UInt16.max
    }

    private static func bound(to port: UInt16, _ type: __socket_type) -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32((type.rawValue | SOCK_CLOEXEC.rawValue)), 0)
        if socket >= 0, LoopbackPort.bind(socket, to: port) != 0 {
            close(socket)
            return -1
        }
        return socket
    }
}
