import Backends
import Foundation
import Testing

@testable import AuthBenchCLI
@testable import AuthResults

/// PostgreSQL that is missing, wrong, stopped or full: one line, the documented status, and nothing left behind.
@Suite("PostgreSQL that fails")
struct PostgreSQLRunTests {
    private let folder: URL
    private static let short = [
        "run", "--strategy", "postgres", "--population", "160", "--clients", "4", "--operations", "4000",
        "--warm-up", "0", "--repeats", "2",
    ]

    private static let replicated = ["--strategy", "postgres-session@reads=replica"]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    @Test("an address that is none is status 64, a server that is not there 65, a missing program 2")
    func unusable() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cases: [([String], [String: String]?, Int32, String)] = [
            (["--postgres", "mysql://localhost/x"], nil, 64, "postgresql://user@host:port/database"),
            (["--postgres", "postgresql://u:s3cret@127.0.0.1:1/x"], nil, 64, "PGPASSWORD"),
            (
                ["--postgres", "postgresql://127.0.0.1:1/x"], nil, 65,
                "start the server, or correct the address"
            ),
            ([], ["PATH": folder.path], 2, "apt-get install postgresql"),
            (["--replica-lag", "5ms"], nil, 64, "no strategy here reads a replica"),
            (["--replica-lag", "soon"], nil, 64, "such as 200us"),
            (["--postgres-replica", "postgresql://127.0.0.1:1/x"], nil, 64, "name it with --postgres"),
            (
                Self.replicated + ["--postgres", "postgresql://127.0.0.1:1/x"], nil, 64,
                "name that with --postgres-replica"
            ),
            (
                Self.replicated + ["--postgres", "postgresql://127.0.0.1:1/x", "--replica-lag", "5ms"], nil,
                64, "leave it out with --postgres"
            ),
        ]
        for (options, environment, status, part) in cases {
            let result = try Program(Self.short + options, in: folder, environment: environment).finish()
            #expect(result.status == status, "\(options): \(result.errors)")
            #expect(result.errors.contains(part), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(!result.errors.contains("s3cret"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test("a user's server that is full of connections is blamed, and keeps what is the user's")
    func full() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let open = try TemporaryFolder(isSearchable: true)
        defer { open.remove() }
        let server = try PrivatePostgreSQLServer(folder: try open.makeFolder("postgres"))
        defer { server.stop() }
        var connection = try PostgreSQLConnection(server.endpoint)
        try connection.execute(
            """
            CREATE ROLE app LOGIN CONNECTION LIMIT 3; GRANT CREATE ON DATABASE postgres TO app;
            CREATE TABLE mine (id int); INSERT INTO mine VALUES (7)
            """)
        var endpoint = server.endpoint
        endpoint.user = "app"
        let result = try Program(Self.short + ["--postgres", endpoint.url], in: folder).finish()
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.errors.contains("too many connections"), "\(result.errors)")
        #expect(try connection.execute("SELECT id FROM mine").count == 1)
        let schemas = try connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'authbench%'")
        #expect(schemas.count == 0)
    }

    @Test(
        "a user's own replica is read, one that follows nobody is refused, and both keep what is the user's")
    func replica() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let folders = [try TemporaryFolder(isSearchable: true), try TemporaryFolder(isSearchable: true)]
        defer { for folder in folders { folder.remove() } }
        let server = try PrivatePostgreSQLServer(folder: try folders[0].makeFolder("postgres"))
        defer { server.stop() }
        let options = Self.short + Self.replicated + ["--postgres", server.endpoint.url]
        let alone = try Program(options + ["--postgres-replica", server.endpoint.url], in: folder).finish()
        #expect(alone.status == 65 && alone.errors.contains("is no replica"), "\(alone.errors)")
        let replica = try PrivatePostgreSQLServer(
            following: server, folder: try folders[1].makeFolder("postgres"))
        defer { replica.stop() }
        let result = try Program(
            options + ["--postgres-replica", replica.endpoint.url, "--format", "csv", "-q"], in: folder
        ).finish()
        #expect([0, 3].contains(result.status), "\(result.errors)")
        #expect(result.output.contains("postgres-session@reads=replica"))
        var connection = try PostgreSQLConnection(server.endpoint)
        let schemas = try connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'authbench%'")
        let left = schemas.count
        #expect(left == 0)
    }

    @Test("one that is killed or stopped in mid-run costs its own rows only, and leaves no process")
    func lost() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for signal in [SIGKILL, SIGSTOP] {
            let out = folder.appendingPathComponent("run-\(signal)")
            let program = try Program(
                Self.short + ["--strategy", "hs256", "--repeats", "3", "--out", out.path], in: folder)
            let csv = out.appendingPathComponent("latest/throughput.csv").path
            let begin = Date()
            while !FileManager.default.fileExists(atPath: csv), Date().timeIntervalSince(begin) < 60 {
                usleep(20_000)
            }
            let servers = program.children.flatMap { ProcessTree.of($0) }
            try #require(!servers.isEmpty)
            for id in servers { kill(id, signal) }
            let result = program.finish()
            #expect(result.status == 2, "\(result.errors)")
            #expect(result.errors.contains("postgres-session"), "\(result.errors)")
            let table = try CSVTable(String(contentsOfFile: csv, encoding: .utf8))
            let rows = table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
            #expect(rows.count == 6 && rows.allSatisfy { $0["false_accepts"] == "0" })
            #expect(rows.contains { $0["strategy"] == "postgres-session" && $0["errors"] != "0" })
            #expect(rows.allSatisfy { $0["strategy"] != "hs256-jwt" || $0["errors"] == "0" })
            for id in servers { #expect(!FileManager.default.fileExists(atPath: "/proc/\(id)")) }
        }
    }
}
