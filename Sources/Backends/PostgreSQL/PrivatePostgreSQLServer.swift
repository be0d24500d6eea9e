import Foundation
import Glibc
import Synchronization

/// A PostgreSQL server of our own on a Unix socket, with a cluster made for it; gone with its data when we are.
package final class PrivatePostgreSQLServer: Sendable {
    /// How long the server may take to answer for the first time.
    private static let patience_s = 20.0
    /// A client has one connection, and a few more look after them.
    private static let connections = 1100

    package let endpoint: PostgreSQLEndpoint
    private let folder: URL
    private let log: URL
    private let program: URL
    private let arguments: [String]
    private let process: Mutex<ChildProcess>

    package var processID: Int32 { process.withLock { $0.id } }

    /// Makes a cluster, starts the server and waits until it answers.
    ///
    /// PostgreSQL refuses to run as root: then it runs as the user `postgres`, or `nobody`, to whom the folder is given.
    /// Call on a thread that lives as long as the program (`ChildProcess`).
    ///
    /// - Parameter folder: empty, and reached by everybody; the server's own is inside.
    /// - Throws: `PostgreSQLServerError` when a program is missing or does not do its work.
    package convenience init(folder: URL) throws(PostgreSQLServerError) {
        try self.init(folder: folder, settings: []) { programs, data in
            // What it makes is thrown away, so that it need not reach the disk.
            [
                programs.initdb.path, "-D", data, "-U", "authbench", "-A", "trust", "-E", "UTF8",
                "--no-locale", "--no-sync", "--no-instructions",
            ]
        }
    }

    /// Copies a server, and starts the copy as its replica: it can be read, and carries out all that the other one writes.
    ///
    /// - Parameters:
    ///   - primary: the other, whose commits can wait for the replica from now on, and do so only where a client asks for it.
    ///   - folder: as for any server.
    ///   - delay_ms: how long each commit is held back before it is carried out (`recovery_min_apply_delay`).
    /// - Throws: `PostgreSQLServerError`, also when it does not follow in time.
    package convenience init(
        following primary: PrivatePostgreSQLServer, folder: URL, delay_ms: Int64 = 0
    ) throws(PostgreSQLServerError) {
        let socket = primary.folder.path
        try self.init(
            folder: folder,
            settings: ["recovery_min_apply_delay=\(delay_ms)ms", "wal_retrieve_retry_interval=100ms"]
        ) { programs, data in
            [
                programs.copy.path, "-D", data, "-d", "host=\(socket) port=5432 user=authbench",
                "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
                "--no-manifest",
            ]
        }
        do throws(PostgreSQLError) { try primary.expectReplica() } catch {
            stop()
            throw PostgreSQLServerError(description: "the replica of PostgreSQL does not follow: \(error)")
        }
    }

    /// Lets commits wait for a replica where their client asks for it, and waits until one is there.
    ///
    /// A server that has such a replica lets all commits wait for it (`synchronous_commit = on`), so that is set back.
    private func expectReplica() throws(PostgreSQLError) {
        var connection = try PostgreSQLConnection(endpoint)
        // One by one: ALTER SYSTEM is refused in the transaction that several statements of one text are.
        for statement in [
            "ALTER SYSTEM SET synchronous_commit = 'local'",
            "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()",
        ] { try connection.execute(statement) }
        try connection.wait(
            until: "EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')",
            within_s: Self.patience_s, to: "find the replica")
    }

    /// - Parameters:
    ///   - folder: the server's.
    ///   - settings: beside those that all have, each as `name=value`.
    ///   - making: the command line that makes the data in a folder.
    /// - Throws: `PostgreSQLServerError`.
    private init(
        folder: URL, settings: [String], making: (Programs, _ data: String) -> [String]
    ) throws(PostgreSQLServerError) {
        self.folder = folder
        let programs = try Self.programs()
        let owner = try Self.giveAway(folder)
        let (data, log) = (
            folder.appendingPathComponent("data"), folder.appendingPathComponent("postgresql.log")
        )
        endpoint = PostgreSQLEndpoint(
            .unix(path: folder.appendingPathComponent(".s.PGSQL.5432").path), database: "postgres",
            user: "authbench")
        self.log = log
        program = programs.setpriv
        arguments =
            owner + [
                "--pdeathsig", "QUIT", "--", programs.postgres.path, "-D", data.path, "-k", folder.path, "-p",
                "5432", "-c", "listen_addresses=", "-c", "max_connections=\(Self.connections)",
            ] + settings.flatMap { ["-c", $0] }
        let maker = making(programs, data.path)
        do throws(FileError) {
            let output = try Self.openLog(log)
            defer { try? output.close() }
            let process = try ChildProcess(
                programs.setpriv, owner + ["--"] + maker, descriptors: [nil, output, output])
            guard process.end(within_s: Self.patience_s) == .status(0) else {
                throw FileError(data.path, "was not made by \(maker[0]); \(Self.lastWords(log))")
            }
        } catch { throw PostgreSQLServerError(description: "PostgreSQL could not be started: \(error)") }
        process = Mutex(try Self.start(program, arguments, endpoint, log))
    }

    /// Starts the server and waits until it answers.
    private static func start(
        _ program: URL, _ arguments: [String], _ endpoint: PostgreSQLEndpoint, _ log: URL
    ) throws(PostgreSQLServerError) -> ChildProcess {
        let process: ChildProcess
        do throws(FileError) {
            let output = try openLog(log)
            defer { try? output.close() }
            process = try ChildProcess(
                program, arguments, descriptors: [nil, output, output], farewell: SIGQUIT)
        } catch { throw PostgreSQLServerError(description: "PostgreSQL could not be started: \(error)") }
        let limit = ContinuousClock.now + .seconds(patience_s)
        while process.isRunning, ContinuousClock.now < limit {
            if (try? PostgreSQLConnection(endpoint, timeout_ms: 1000)) != nil { return process }
            usleep(5000)
        }
        let words = lastWords(log)
        process.end()
        throw PostgreSQLServerError(description: "PostgreSQL could not be started: \(words)")
    }

    /// Starts the server again where it was, after it was stopped: it does anew what had reached its log on the disk.
    ///
    /// - Throws: `PostgreSQLServerError` when it does not answer.
    package func restart() throws(PostgreSQLServerError) {
        stop()
        let fresh = try Self.start(program, arguments, endpoint, log)
        process.withLock { $0 = fresh }
    }

    deinit { stop() }

    /// Ends the server at once, and waits until it is gone (immediate shutdown: nothing is to be kept).
    package func stop() {
        // Whoever stands still ends no sooner than it goes on, and would stay when its parent is gone.
        resume()
        process.withLock { _ = $0.end() }
    }

    /// Lets the server and all its processes do nothing until `resume`.
    package func suspend() { for id in processIDs { kill(id, SIGSTOP) } }

    package func resume() { for id in processIDs { kill(id, SIGCONT) } }

    /// The server's process and those that it has started, one for each connection among them.
    package var processIDs: [Int32] { ProcessTree.of(processID) }

    private struct Programs {
        var setpriv, initdb, postgres: URL
        /// Copies a running server.
        var copy: URL
    }

    /// Debian keeps the server's programs out of the `PATH`, one folder for each version.
    private static func programs() throws(PostgreSQLServerError) -> Programs {
        let root = URL(fileURLWithPath: "/usr/lib/postgresql")
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [])
            .sorted { (Double($0) ?? 0) > (Double($1) ?? 0) }
        let folders = versions.map { root.appendingPathComponent($0).appendingPathComponent("bin") }
        func find(_ name: String) -> URL? {
            Executable.find(name)
                ?? folders.map { $0.appendingPathComponent(name) }.first {
                    FileManager.default.isExecutableFile(atPath: $0.path)
                }
        }
        guard let initdb = find("initdb"), let postgres = find("postgres"),
            let copy = find("pg_basebackup"), let setpriv = Executable.find("setpriv")
        else {
            throw PostgreSQLServerError(
                description: "PostgreSQL was not found: install the package postgresql"
                    + " (apt-get install postgresql), or name a running server with --postgres")
        }
        return Programs(setpriv: setpriv, initdb: initdb, postgres: postgres, copy: copy)
    }

    /// Gives the folder to the user as whom the server runs.
    ///
    /// - Returns: the arguments by which `setpriv` becomes that user.
    private static func giveAway(_ folder: URL) throws(PostgreSQLServerError) -> [String] {
        guard geteuid() == 0 else { return [] }
        for name in ["postgres", "nobody"] {
            guard let user = unsafe getpwnam(name) else { continue }
            let (id, group) = unsafe (user.pointee.pw_uid, user.pointee.pw_gid)
            guard unsafe chown(folder.path, id, group) == 0, unsafe chmod(folder.path, 0o755) == 0 else {
                break
            }
            return ["--reuid=\(id)", "--regid=\(group)", "--init-groups"]
        }
        throw PostgreSQLServerError(
            description:
                "PostgreSQL does not run as root, and \(folder.path) could be given to no other user:"
                + " run as somebody else, or name a running server with --postgres")
    }

    private static func openLog(_ file: URL) throws(FileError) -> FileHandle {
        guard FileManager.default.createFile(atPath: file.path, contents: nil),
            let handle = try? FileHandle(forWritingTo: file)
        else { throw FileError(file.path, "cannot be written") }
        return handle
    }

    private static func lastWords(_ log: URL) -> String {
        let text = try? String(contentsOf: log, encoding: .utf8)
        let line = text?.split(separator: "\n").last { $0.contains("FATAL") || $0.contains("error") }
        return (line ?? text?.split(separator: "\n").last).map { "its log says: \($0)" } ?? "it wrote no log"
    }
}

/// Why no private server runs.
package struct PostgreSQLServerError: Error, CustomStringConvertible {
    package var description: String
}
