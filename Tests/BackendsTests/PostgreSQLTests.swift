import Backends
import Foundation
import Glibc
import Testing

/// A private server, and what a connection to one does.
@Suite("PostgreSQL", .serialized)
struct PostgreSQLTests {
    private func withServer(_ body: (PrivatePostgreSQLServer) throws -> Void) throws {
        let folder = try TemporaryFolder(isSearchable: true)
        defer { folder.remove() }
        let server = try PrivatePostgreSQLServer(folder: try folder.makeFolder("postgres"))
        defer { server.stop() }
        try body(server)
    }

    @Test("writes and reads what was bound, statement after statement, and says what went wrong")
    func statements() throws {
        try withServer { server in
            var connection = try PostgreSQLConnection(server.endpoint)
            try connection.execute("CREATE TABLE t (id bytea PRIMARY KEY, number bigint, text text)")
            var insert = try connection.prepare("INSERT INTO t VALUES ($1, $2, $3)")
            var select = try connection.prepare("SELECT number, text, id FROM t WHERE id = $1")
            let numbers: [Int64] = [0, 1, -1, .max, .min, 0x0102_0304_0506_0708]
            for (index, number) in numbers.enumerated() {
                insert.begin()
                insert.bind([UInt8(index), 0, 255].span)
                insert.bind(number)
                insert.bind(Array("text \(index)".utf8).span)
                let rows = try connection.execute(insert)
                let changed = rows.changed
                #expect(changed == 1)
            }
            for (index, number) in numbers.enumerated() {
                select.begin()
                select.bind([UInt8(index), 0, 255].span)
                let rows = try connection.execute(select)
                let (count, read, text) = (rows.count, rows.integer(0, 0), rows.text(0, 1))
                let id = rows.withBytes(0, 2) { bytes in bytes.indices.map { bytes[$0] } }
                #expect(count == 1 && read == number && text == "text \(index)")
                #expect(id == [UInt8(index), 0, 255])
            }
            select.begin()
            let empty: [UInt8] = []
            select.bind(empty.span)
            let none = try connection.execute(select).count
            #expect(none == 0)
            let sent = connection.statementsSent
            #expect(sent == 1 + 2 * numbers.count + 1)
            // An error of a statement is no outage, and the connection goes on.
            insert.begin()
            insert.bind([0, 0, 255].span)
            insert.bind(7)
            insert.bind(empty.span)
            let error = #expect(throws: PostgreSQLError.self) { _ = try connection.execute(insert) }
            let text = error.map { "\($0)" } ?? ""
            #expect(error?.isOutage == false && text.contains("23505"))
            let count = try connection.execute("SELECT count(*) FROM t").text(0, 0)
            #expect(count == String(numbers.count))
        }
    }

    @Test(
        "a server that does nothing is an outage in time, and so is one that is gone; then it is connected anew"
    )
    func outages() throws {
        try withServer { server in
            var connection = try PostgreSQLConnection(server.endpoint, timeout_ms: 300)
            var statement = try connection.prepare("SELECT 1::bigint")
            statement.begin()
            server.suspend()
            let timeout = #expect(throws: PostgreSQLError.self) { _ = try connection.execute(statement) }
            server.resume()
            let text = timeout.map { "\($0)" } ?? ""
            #expect(timeout?.isOutage == true && text.contains("timed out"))
            // The pause before the next attempt is 10 ms at most.
            usleep(20_000)
            let one = try connection.execute(statement).integer(0, 0)
            #expect(one == 1)
            server.stop()
            for _ in 0..<3 {
                let gone = #expect(throws: PostgreSQLError.self) { _ = try connection.execute(statement) }
                #expect(gone?.isOutage == true)
            }
        }
    }

    @Test("it ends with all that it has started, and leaves nothing in its folder's place")
    func end() throws {
        let folder = try TemporaryFolder(isSearchable: true)
        let server = try PrivatePostgreSQLServer(folder: try folder.makeFolder("postgres"))
        let connection = try PostgreSQLConnection(server.endpoint)
        let processes = server.processIDs
        #expect(processes.count > 3, "a process for the connection, and some that write")
        server.stop()
        for process in processes { #expect(kill(process, 0) != 0, "\(process)") }
        _ = consume connection
        folder.remove()
        #expect(!FileManager.default.fileExists(atPath: folder.url.path))
    }

    @Test("a replica has what its primary writes before a commit that waits for it is acknowledged")
    func replica() throws {
        try withServer { primary in
            let folder = try TemporaryFolder(isSearchable: true)
            defer { folder.remove() }
            let replica = try PrivatePostgreSQLServer(
                following: primary, folder: try folder.makeFolder("postgres"))
            defer { replica.stop() }
            var (waiting, hasty) = (primary.endpoint, primary.endpoint)
            (waiting.commit, hasty.commit) = ("remote_apply", "local")
            var writer = try PostgreSQLConnection(waiting)
            var reader = try PostgreSQLConnection(replica.endpoint)
            func read() throws -> String { try reader.execute("SELECT count(*) FROM t").text(0, 0) }
            try writer.execute("CREATE TABLE t (number int)")
            for number in 1...20 {
                try writer.execute("INSERT INTO t VALUES (\(number))")
                #expect(try read() == String(number))
            }
            // Held back, it still says what was there, and whoever does not wait is acknowledged all the same.
            try reader.execute("SELECT pg_wal_replay_pause()")
            var other = try PostgreSQLConnection(hasty)
            try other.execute("INSERT INTO t VALUES (21)")
            #expect(try read() == "20")
            try reader.execute("SELECT pg_wal_replay_resume()")
            try writer.execute("INSERT INTO t VALUES (22)")
            #expect(try read() == "22")
            // Nobody else waits for it.
            var usual = try PostgreSQLConnection(primary.endpoint)
            let commit = try usual.execute("SHOW synchronous_commit").text(0, 0)
            #expect(commit == "local")
            let processes = replica.processIDs
            replica.stop()
            for process in processes { #expect(kill(process, 0) != 0, "\(process)") }
            try other.execute("INSERT INTO t VALUES (23)")
        }
    }

    @Test("a schema of ours is dropped by whoever made it, or by the next when that was killed")
    func schemas() throws {
        try withServer { server in
            func names() throws -> [String] {
                var connection = try PostgreSQLConnection(server.endpoint)
                let rows = try connection.execute(
                    "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'authbench%' ORDER BY 1")
                return (0..<rows.count).map { rows.text($0, 0) }
            }
            var connection = try PostgreSQLConnection(server.endpoint)
            // Somebody else's, whatever it is called; and one that a killed run has left, with that of a variant.
            let foreign = ["authbench_0123abcd", "authbench_0123abcd_5", "authbench_precious"]
            for name in foreign { try connection.execute("CREATE SCHEMA \(name)") }
            var killed: PostgreSQLSchemaClaim? = try PostgreSQLSchemaClaim(at: server.endpoint)
            let left = try #require(killed).name
            try connection.execute("CREATE SCHEMA \(left)_77; CREATE TABLE \(left)_77.sessions (id int)")
            let first = try PostgreSQLSchemaClaim(at: server.endpoint)
            #expect(try names().contains(left), "it is held")
            killed = nil
            let second = try PostgreSQLSchemaClaim(at: server.endpoint)
            try connection.execute("CREATE SCHEMA \(second.name)_123")
            #expect(try names() == (foreign + [first.name, second.name, "\(second.name)_123"]).sorted())
            try first.drop()
            #expect(try names().contains("\(second.name)_123"))
            try second.drop()
            #expect(try names() == foreign)
        }
    }

    @Test("reads an address, and writes it the same again")
    func endpoints() {
        let socket = PostgreSQLEndpoint(url: "postgresql://me@/db?host=/run/pg")
        #expect(socket?.address == .unix(path: "/run/pg/.s.PGSQL.5432"))
        #expect(socket?.user == "me" && socket?.database == "db")
        let tcp = PostgreSQLEndpoint(url: "postgres://me:secret@db.test:6000/app")
        #expect(tcp?.address == .tcp(host: "db.test", port: 6000) && tcp?.password == "secret")
        for endpoint in [socket, tcp] {
            #expect(endpoint.flatMap { PostgreSQLEndpoint(url: $0.url) } == endpoint)
        }
        for text in [
            "", "db.test", "mysql://db.test", "postgresql://", "postgresql:///db", "postgresql://h:0/db",
            "postgresql://h/db?sslmode=require", "postgresql://h/db?host=/run", "postgresql://h:99999",
        ] { #expect(PostgreSQLEndpoint(url: text) == nil, "\(text)") }
    }
}
