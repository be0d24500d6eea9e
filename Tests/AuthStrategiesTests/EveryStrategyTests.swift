import AuthCore
import Foundation
import AuthStrategies
import TestStores
import Testing

/// What every strategy of the registry must do alike; a new one is tested by its registry line.
@Suite("Every strategy")
struct EveryStrategyTests {
    static let ids = builtinStrategies.map { $0.descriptor.id }
    private let alice = Subject(id: 7)
    private let bob = Subject(id: 8)

    private func strategy(_ id: String) throws -> any (AuthStrategy & ~Copyable).Type {
        try #require(builtinStrategies.first { $0.descriptor.id == id })
    }

    private func decide<S: AuthStrategy & ~Copyable>(
        _ strategy: inout S, _ credential: Credential, at now: Instant = .start, scope: Scope = .read
    ) throws -> Decision {
        try strategy.authenticate(credential, requiring: scope, at: now)
    }

    @Test("accepts a fresh credential as its owner, on every client", arguments: ids)
    func fresh(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            let shared = try S.prepare(in: stores.environment)
            var one = try S(sharing: shared)
            var other = try S(sharing: shared)
            let (first, second) = (try one.login(alice, at: .start), try other.login(bob, at: .start))
            #expect(try decide(&one, first) == .accepted(alice))
            if S.isForOneUse(under: stores.environment.policy) {
                #expect(try decide(&other, first) == .refused(.unknown))
            } else {
                #expect(try decide(&other, first) == .accepted(alice))
            }
            #expect(try decide(&one, second) == .accepted(bob))
            #expect(first.headerLine != second.headerLine)
        }
        try check(try strategy(id))
    }

    @Test("loads many at once as it logs each of them in", arguments: ids)
    func load(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let credentials = try strategy.load((1...100).map { Login(Subject(id: $0), at: .start) })
            #expect(credentials.count == 100)
            for (index, credential) in credentials.enumerated() {
                #expect(try decide(&strategy, credential) == .accepted(Subject(id: UInt64(index) + 1)))
            }
        }
        try check(try strategy(id))
    }

    @Test("refuses a credential with any one byte changed", arguments: ids)
    func tampered(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let credential = try strategy.login(alice, at: .start)
            let line = credential.headerLine
            let value = line.firstIndex(of: UInt8(ascii: " ")).map { $0 + 1 } ?? 0
            for index in value..<line.count {
                for replacement in [line[index] ^ 1, UInt8(ascii: "A"), UInt8(ascii: "."), 0] {
                    var bent = line
                    bent[index] = replacement
                    // The scheme's name is compared without case.
                    guard bent != line, bent[index] | 0x20 != line[index] | 0x20 || index > value + 6 else {
                        continue
                    }
                    let decision = try decide(&strategy, Credential(headerLine: bent))
                    #expect(decision != .accepted(alice), "byte \(index) as \(replacement)")
                    guard case .refused = decision else {
                        Issue.record("accepted as somebody else: byte \(index) as \(replacement)")
                        return
                    }
                }
            }
            #expect(try decide(&strategy, credential) == .accepted(alice))
        }
        try check(try strategy(id))
    }

    @Test("refuses every truncation, extension and empty line", arguments: ids)
    func truncated(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let line = try strategy.login(alice, at: .start).headerLine
            let lines =
                (0..<line.count).map { Array(line.prefix($0)) }
                + [line + [0], line + [UInt8(ascii: "A")], line + [0x0D, 0x0A] + line]
                + [Array(repeating: UInt8(ascii: "."), count: 1_000_000)]
            for bad in lines {
                guard case .refused = try decide(&strategy, Credential(headerLine: bad)) else {
                    Issue.record("accepted \(bad.count) bytes of \(line.count)")
                    return
                }
            }
        }
        try check(try strategy(id))
    }

    @Test("refuses an expired credential, and one with a flaw", arguments: ids)
    func expiredAndFlawed(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let credential = try strategy.login(alice, at: .start)
            let later = Instant.start + stores.environment.policy.lifetimes.absolute_ms
            // An authority does not say why.
            let reason: Refusal = id == "introspection" ? .unknown : .expired
            #expect(try decide(&strategy, credential, at: later) == .refused(reason))
            for flaw in Flaw.allCases {
                guard case .refused = try decide(&strategy, strategy.issueFlawed(flaw, to: alice, at: .start))
                else {
                    Issue.record("accepted a credential with the flaw \(flaw)")
                    return
                }
            }
        }
        try check(try strategy(id))
    }

    @Test("renews into a good credential of the same owner", arguments: ids)
    func renewal(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let old = try strategy.login(alice, at: .start)
            guard case .renewed(let new) = try strategy.renew(old, at: .start + 20_000) else {
                Issue.record("refused to renew")
                return
            }
            #expect(try decide(&strategy, new, at: .start + 20_000) == .accepted(alice))
            // The null strategy has nothing but the expiry, which renewing must not push.
            if id != "null-baseline" { #expect(new.headerLine != old.headerLine) }
            let late = Instant.start + stores.environment.policy.lifetimes.absolute_ms
            guard case .refused = try strategy.renew(new, at: late) else {
                Issue.record("renewed beyond the absolute lifetime")
                return
            }
        }
        try check(try strategy(id))
    }

    @Test("keeps its revocation promise, and logging out twice is no error", arguments: ids)
    func logout(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            let shared = try S.prepare(in: stores.environment)
            var here = try S(sharing: shared)
            var there = try S(sharing: shared)
            let (gone, kept) = (try here.login(alice, at: .start), try here.login(bob, at: .start))
            try here.logout(gone, at: .start)
            try there.logout(gone, at: .start)
            var decision = try decide(&there, gone)
            switch S.descriptor.revocation {
            case .immediate: #expect(decision == .refused(.unknown))
            case .pushed:
                let begin = Date()
                while decision != .refused(.unknown), Date().timeIntervalSince(begin) < 5 {
                    decision = try decide(&there, gone)
                }
                #expect(decision == .refused(.unknown))
            case .cached, .atExpiry: #expect(decision == .accepted(alice))
            }
            #expect(try decide(&there, kept) == .accepted(bob))
        }
        try check(try strategy(id))
    }

    @Test("logs a user out everywhere and nobody else", arguments: ids)
    func logoutEverywhere(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let own = try (0..<3).map { _ in try strategy.login(alice, at: .start) }
            let other = try strategy.login(bob, at: .start)
            try strategy.logoutEverywhere(alice, at: .start)
            #expect(try decide(&strategy, other) == .accepted(bob))
            guard S.descriptor.revocation != .atExpiry else { return }
            for credential in own { #expect(try decide(&strategy, credential) == .refused(.unknown)) }
        }
        try check(try strategy(id))
    }

    @Test("refuses a scope that was not granted", arguments: ids.filter { $0 != "null-baseline" })
    func scope(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let credential = try strategy.login(alice, at: .start)
            #expect(try decide(&strategy, credential, scope: Scope("write")) == .accepted(alice))
            for missing in ["admin", "rea", "read write", "writ", ""] {
                #expect(
                    try decide(&strategy, credential, scope: Scope(missing)) == .refused(.insufficientScope))
            }
        }
        try check(try strategy(id))
    }
}
