import Foundation
import Glibc

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
    private let process: ChildProcess

    package var processID: Int32 { process.id }

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
                (self.url, self.endpoint, self.process) = (place.url, endpoint, process)
                return
            }
            failure = Self.failure(process, folder)
            process.end()
        } while transport == .tcp && ContinuousClock.now < limit
        throw RedisServerError(description: "redis-server could not be started: \(failure)")
    }

    deinit { stop() }

    /// Ends the server and waits until it is gone; nothing is saved, so there is nothing for it to put in order.
    package func stop() { process.end() }

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
enum LoopbackPort {
    static func free() -> UInt16? {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, length) == 0 && getsockname(socket, address, &length) == 0
            }
        }
        return result ? UInt16(bigEndian: address.sin_port) : nil
    }
}
