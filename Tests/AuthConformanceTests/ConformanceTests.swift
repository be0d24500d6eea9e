import AuthConformance
import AuthCore
import AuthStrategies
import Backends
import Foundation
import TestStores
import Testing

extension TestStores {
    /// Those of a trial: KEYS would hold up everybody else on a server of the user's.
    static func ofTrial() throws -> TestStores {
        let stores = try TestStores()
        var connection = try RedisConnection(stores.server.endpoint)
        _ = try connection.execute(RedisCommand("ACL", "SETUSER", "default", "-keys"))
        return stores
    }
}

@Suite("Conformance")
struct ConformanceTests {
    static let ids = builtinStrategies.map { $0.descriptor.id }

    @Test("every built-in strategy passes whatever applies to it", arguments: ConformanceTests.ids)
    func builtin(id: String) throws {
        let strategy = try #require(builtinStrategies.first { $0.descriptor.id == id })
        let stores = try TestStores.ofTrial()
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
            let stores = try TestStores.ofTrial()
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
