import Foundation

/// A redis-server of our own: loopback TCP on a free port, nothing saved, gone when we are.
package final class PrivateRedisServer {
    package let port: UInt16
    package let endpoint: RedisEndpoint
    package let processID: Int32
    private let process: Process

    /// Starts the server and waits until it answers.
    ///
    /// Call on a thread that lives as long as the program: `setpriv --pdeathsig` has the kernel end the
    /// server when the thread that started it is gone, also when the program was killed (prctl(2),
    /// PR_SET_PDEATHSIG).
    ///
    /// - Parameter folder: the server's working folder.
    /// - Throws: `RedisServerError` when a program is missing or the server does not answer.
    package init(folder: URL) throws {
        let server = try Self.find("redis-server", package: "redis-server")
        let setpriv = try Self.find("setpriv", package: "util-linux")
        var failure = "no free port"
        // Another program may take the port between our look and the server's start.
        for _ in 0..<5 {
            guard let port = LoopbackPort.free() else { continue }
            let process = Process()
            process.executableURL = setpriv
            process.arguments = [
                "--pdeathsig", "KILL", server.path, "--port", String(port), "--bind", "127.0.0.1",
                "--save", "", "--appendonly", "no", "--dir", folder.path, "--daemonize", "no",
                "--logfile", folder.appendingPathComponent("redis.log").path,
            ]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            guard let endpoint = RedisEndpoint(url: "redis://127.0.0.1:\(port)") else { continue }
            if Self.answers(endpoint, processID: process.processIdentifier, while: { process.isRunning }) {
                self.endpoint = endpoint
                self.port = port
                self.process = process
                processID = process.processIdentifier
                return
            }
            failure =
                process.isRunning
                ? "it did not answer on port \(port) within 5 s"
                : "it ended with status \(process.terminationStatus); \(Self.lastWords(in: folder))"
            Self.end(process)
        }
        throw RedisServerError(description: "redis-server could not be started: \(failure)")
    }

    deinit { stop() }

    /// Ends the server and waits until it is gone.
    package func stop() { Self.end(process) }

    private static func end(_ process: Process) {
        guard process.isRunning else { return }
        // Nothing is saved, so there is nothing for it to put in order.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Whether our own process, no other that took the port, answers.
    private static func answers(
        _ endpoint: RedisEndpoint, processID: Int32, while isRunning: () -> Bool
    ) -> Bool {
        for _ in 0..<500 where isRunning() {
            if let information = try? RedisInformation(at: endpoint) {
                return information["process_id"] == String(processID)
            }
            usleep(10_000)
        }
        return false
    }

    /// The last line of the server's log.
    private static func lastWords(in folder: URL) -> String {
        let log = try? String(contentsOf: folder.appendingPathComponent("redis.log"), encoding: .utf8)
        return log?.split(separator: "\n").last.map { "its log ends with: \($0)" } ?? "it wrote no log"
    }

    private static func find(_ program: String, package: String) throws -> URL {
        if let url = Executable.find(program) { return url }
        throw RedisServerError(
            description: "\(program) was not found on the PATH: install the package \(package)"
                + " (apt-get install \(package)), or name a running server with --redis")
    }
}

/// Why no private server runs.
package struct RedisServerError: Error, CustomStringConvertible {
    package var description: String
}
