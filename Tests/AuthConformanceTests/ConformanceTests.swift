import AuthConformance
import AuthCore
import AuthStrategies
import Backends
import Foundation
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
        environment = Environment(
            policy: Policy(), sqlite: SQLiteSettings(path: folder.appendingPathComponent("t.sqlite").path),
            redis: RedisSettings(url: "redis://127.0.0.1:\(server.port)", keyPrefix: "test:"))
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }
}

@Suite("Conformance")
struct ConformanceTests {
    static let ids = builtinStrategies.map { $0.descriptor.id }

    @Test("every built-in strategy passes whatever applies to it", arguments: ConformanceTests.ids)
    func builtin(id: String) throws {
        let strategy = try #require(builtinStrategies.first { $0.descriptor.id == id })
        let stores = try TrialStores()
        let findings = try Conformance.check(strategy, in: stores.environment)
        #expect(findings.map(\.requirement) == Requirement.all.map(\.id) + PublishedBug.all.map(\.id))
        for finding in findings {
            if case .failed(let what) = finding.verdict { Issue.record("\(finding.requirement): \(what)") }
            if case .passed(let cases) = finding.verdict { #expect(cases > 0, "\(finding.requirement)") }
        }
    }
}
