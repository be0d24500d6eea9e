import Foundation
import Glibc
import Synchronization

/// Who may ask an authority: the client credentials of RFC 6749 section 2.3.1.
package struct AuthorityCaller: Sendable, Equatable {
    package var id: String
    package var secret: String

    package init(id: String, secret: String) { (self.id, self.secret) = (id, secret) }

    /// Draws a secret of 256 random bits.
    package static func drawn() throws(OpenSSLError) -> Self {
        let secret = try SecureRandom.bytes(32).map { String(UInt16($0) + 256, radix: 16).dropFirst() }
        return Self(id: "authbench", secret: secret.joined())
    }

    /// The value of `Authorization` (RFC 7617): neither part has a character that would have to be escaped first.
    package var basicText: String { "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString() }
}

/// Where the servers are that an authority may keep its sessions in, with their passwords.
package struct AuthorityServers: Sendable, Equatable {
    package var redisURL: String?
    package var postgresURL: String?

    package init(redisURL: String? = nil, postgresURL: String? = nil) {
        (self.redisURL, self.postgresURL) = (redisURL, postgresURL)
    }
}

/// What an authority is told on its standard input, on one line: all of it is secret.
package struct AuthorityOrders: Sendable, Equatable {
    package var caller: AuthorityCaller
    package var servers: AuthorityServers
    private static let none = "-"

    package init(_ caller: AuthorityCaller, _ servers: AuthorityServers) {
        (self.caller, self.servers) = (caller, servers)
    }

    /// - Returns: `nil` for a line that `line` does not write.
    package init?(_ line: some Collection<UInt8>) {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count == 4 else { return nil }
        let urls = words[2...].map { $0 == Self.none ? nil : $0 }
        self.init(
            AuthorityCaller(id: words[0], secret: words[1]),
            AuthorityServers(redisURL: urls[0], postgresURL: urls[1]))
    }

    /// No part has a space in it.
    var line: String {
        let urls = [servers.redisURL, servers.postgresURL].map { $0 ?? Self.none }
        return ([caller.id, caller.secret] + urls).joined(separator: " ") + "\n"
    }
}

/// An authority in a process of its own, which this program serves itself; gone with its data when we are.
///
/// It reads who may ask, and where its stores are, from standard input, because everybody can read the arguments of a program, and says on standard
/// output where it listens.
package final class PrivateAuthorityServer: Sendable {
    /// How long it may take until it listens.
    private static let patience_s = 10.0

    private let orders: AuthorityOrders
    package var caller: AuthorityCaller { orders.caller }
    /// Where it listens, without the name of a realm.
    package let url: String
    /// What it keeps.
    package let folder: URL
    private let program: URL
    private let port: UInt16
    private let process: Mutex<ChildProcess>

    package var processID: Int32 { process.withLock { $0.id } }

    /// This program.
    package static let thisProgram = URL(fileURLWithPath: "/proc/self/exe")

    /// What makes the program an authority.
    package static func arguments(folder: String, port: UInt16) -> [String] {
        ["serve-authority", folder, String(port)]
    }

    /// Starts the authority and waits until it listens.
    ///
    /// Call on a thread that lives as long as the program (`ChildProcess`).
    ///
    /// - Parameters:
    ///   - folder: in which it makes files; only this user may enter.
    ///   - program: a program that serves as an authority.
    ///   - servers: where those are that it may keep sessions in.
    /// - Throws: `AuthorityServerError` when it does not listen.
    package init(
        folder: URL, program: URL = PrivateAuthorityServer.thisProgram,
        servers: AuthorityServers = AuthorityServers()
    ) throws(AuthorityServerError) {
        let caller: AuthorityCaller
        do throws(OpenSSLError) { caller = try .drawn() } catch { throw AuthorityServerError("\(error)") }
        let orders = AuthorityOrders(caller, servers)
        let (process, port) = try Self.start(program, folder, 0, orders)
        (self.orders, self.folder, self.program, self.port) = (orders, folder, program, port)
        url = "http://127.0.0.1:\(port)"
        self.process = Mutex(process)
    }

    deinit { stop() }

    /// Ends it and waits until it is gone.
    package func stop() { process.withLock { _ = $0.end() } }

    // MARK: What can happen to a server

    /// Lets it do nothing until `resume`; its connections stay (SIGSTOP).
    package func suspend() { kill(processID, SIGSTOP) }

    package func resume() { kill(processID, SIGCONT) }

    /// Starts it again where it was; it has what its files hold.
    package func restart() throws(AuthorityServerError) {
        stop()
        let (fresh, _) = try Self.start(program, folder, port, orders)
        process.withLock { $0 = fresh }
    }

    private static func start(
        _ program: URL, _ folder: URL, _ port: UInt16, _ orders: AuthorityOrders
    ) throws(AuthorityServerError) -> (ChildProcess, UInt16) {
        let (input, output) = (Pipe(), Pipe())
        let errors = folder.appendingPathComponent("authority.log")
        let process: ChildProcess
        do throws(FileError) {
            guard FileManager.default.createFile(atPath: errors.path, contents: nil),
                let log = try? FileHandle(forWritingTo: errors)
            else { throw FileError(errors.path, "cannot be written") }
            defer { try? log.close() }
            process = try ChildProcess(
                program, arguments(folder: folder.path, port: port),
                descriptors: [input.fileHandleForReading, output.fileHandleForWriting, log])
        } catch { throw AuthorityServerError("\(error)") }
        try? output.fileHandleForWriting.close()
        try? input.fileHandleForReading.close()
        // One that has ended takes nothing: that shows in what it says.
        try? input.fileHandleForWriting.write(contentsOf: Data(orders.line.utf8))
        try? input.fileHandleForWriting.close()
        var lines = LineReader(output.fileHandleForReading)
        let line = try? lines.next(patience_s: patience_s)
        if let line, let port = UInt16(String(decoding: line, as: UTF8.self)) { return (process, port) }
        switch process.wait(within_s: 0.1) {
        case nil:
            process.end()
            throw AuthorityServerError("it has not said within \(Int(patience_s)) s where it listens")
        case .status(let status):
            throw AuthorityServerError(
                LastWords.reason(in: errors) ?? "it ended with status \(status) and said nothing")
        case .signal(let number): throw AuthorityServerError("it ended by signal \(number)")
        }
    }
}

/// Why no authority runs.
package struct AuthorityServerError: Error, CustomStringConvertible {
    package var description: String

    init(_ reason: String) { description = "the authority of introspection could not be started: \(reason)" }
}

/// The folder of an authority: the settings of each realm, and a place for its database.
package struct AuthorityFolder: Sendable {
    /// A realm, and which one of its name it is.
    package typealias Realm = (name: String, number: Int)

    private let folder: URL
    private static let settings = "realm"

    package init(_ path: String) { folder = URL(fileURLWithPath: path, isDirectory: true) }

    private func file(_ realm: Realm, _ type: String) -> URL {
        folder.appendingPathComponent("\(realm.name).\(realm.number).\(type)")
    }

    package func databasePath(of realm: Realm) -> String { file(realm, "sqlite").path }

    /// Keeps the settings of a realm, so that an authority that is started again knows it.
    ///
    /// - Throws: `FileError` where the disk takes nothing.
    package func save(_ settings: [UInt8], of realm: Realm) throws(FileError) {
        let file = file(realm, Self.settings)
        do { try Data(settings).write(to: file, options: .atomic) } catch {
            throw FileError(file.path, "cannot be written: is the disk full?")
        }
    }

    /// Removes what was kept of a realm.
    package func remove(_ realm: Realm) {
        for type in [Self.settings, "sqlite", "sqlite-wal", "sqlite-shm"] {
            let path = file(realm, type).path
            FileStatus(at: path)?.remove(from: path)
        }
    }

    /// All realms whose settings have been kept, later ones of a name last.
    package func realms() -> [Realm] {
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).compactMap { file -> Realm? in
            let parts = file.lastPathComponent.split(separator: ".")
            guard parts.count == 3, parts[2] == Self.settings, let number = Int(parts[1]) else { return nil }
            return (String(parts[0]), number)
        }.sorted { $0.number < $1.number }
    }

    package func settings(of realm: Realm) -> [UInt8] {
        (try? Data(contentsOf: file(realm, Self.settings))).map { Array($0) } ?? []
    }
}
