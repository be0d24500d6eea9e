import AuthConformance
import AuthCore
import AuthStrategies
import Backends
import Foundation
import Synchronization
import Testing

/// Real stores for one trial, gone with it.
final class TrialStores {
    let environment: Environment
    private let folder: URL
    private let server: PrivateRedisServer

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        server = try PrivateRedisServer(folder: folder)
        // KEYS would hold up everybody else on a server of the user's.
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("ACL", "SETUSER", "default", "-keys"))
        environment = Environment(
            policy: Policy(), sqlite: SQLiteSettings(path: folder.appendingPathComponent("t.sqlite").path),
            redis: RedisSettings(url: server.url, keyPrefix: "test:"),
            postgres: try TestPostgreSQL.settings())
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// One PostgreSQL server for all tests of the process, with a schema for each: to make a cluster takes a second.
enum TestPostgreSQL {
    private static let server = Mutex<PrivatePostgreSQLServer?>(nil)
    private static let folder = Mutex<TemporaryFolder?>(nil)

    static func settings() throws -> PostgreSQLSettings {
        let url = try server.withLock { server in
            if let server { return server.endpoint.url }
            let (folder, started) = (try TemporaryFolder(isSearchable: true), DispatchSemaphore(value: 0))
            self.folder.withLock { $0 = folder }
            let made = Mutex<Result<PrivatePostgreSQLServer, any Error>?>(nil)
            let inner = try folder.makeFolder("postgres")
            // The server ends with the thread that starts it.
            Thread.detachNewThread {
                let result = Result { try PrivatePostgreSQLServer(folder: inner) }
                made.withLock { $0 = result }
                started.signal()
                while true { sleep(1000) }
            }
            started.wait()
            server = try made.withLock { $0 }?.get()
            return server?.endpoint.url ?? ""
        }
        return PostgreSQLSettings(
            url: url, schema: "test_" + UUID().uuidString.prefix(8).lowercased())
    }
}

@Suite("Conformance")
struct ConformanceTests {
    static let ids = builtinStrategies.map { $0.descriptor.id }

    @Test("every built-in strategy passes whatever applies to it", arguments: ConformanceTests.ids)
    func builtin(id: String) throws {
        let strategy = try #require(builtinStrategies.first { $0.descriptor.id == id })
        let stores = try TrialStores()
        // The longest that the kit has otherwise, of 16 MiB, take a program that is not optimised half a minute.
        let findings = Conformance.check(
            strategy, in: stores.environment, longestToken_bytes: 1 << 20)
        #expect(findings.map(\.requirement) == Requirement.all.map(\.id) + PublishedBug.all.map(\.id))
        for finding in findings {
            if case .failed(let what) = finding.verdict { Issue.record("\(finding.requirement): \(what)") }
            if case .broken(let what) = finding.verdict { Issue.record("\(finding.requirement): \(what)") }
            if case .passed(let cases) = finding.verdict { #expect(cases > 0, "\(finding.requirement)") }
        }
    }

    @Test(
        "every hostile line stays one as long as the trace's clock goes on", arguments: ConformanceTests.ids)
    func hostileLines(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TrialStores()
            let shared = try S.prepare(in: stores.environment)
            let policy = stores.environment.policy
            let lines = try HostileCorpus().lines(for: S.self, sharing: shared, policy: policy)
            #expect(lines.isEmpty == (S.descriptor.transport == .none))
            var strategy = try S(sharing: shared)
            for moment_ms in [0, 300_000, policy.lifetimes.shortest_ms - 1] {
                let now = Instant.traceStart.advanced(byMilliseconds: moment_ms)
                for line in lines {
                    guard case .refused = try strategy.authenticate(line.span, requiring: .read, at: now)
                    else {
                        Issue.record(
                            "accepted after \(moment_ms) ms: \(String(decoding: line.prefix(300), as: UTF8.self))"
                        )
                        return
                    }
                }
            }
        }
        for strategy in builtinStrategies where strategy.descriptor.id == id { try check(strategy) }
    }
}
