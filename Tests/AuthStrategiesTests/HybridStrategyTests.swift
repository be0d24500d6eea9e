import AuthCore
import AuthText
import Backends
import Dispatch
import Foundation
import Synchronization
import TestStores
import Testing

@testable import AuthStrategies

@Suite("Hybrid strategy")
struct HybridStrategyTests {
    private let alice = Subject(id: 7)
    private let stores: TestStores
    private let shared: HybridStrategy.Shared

    init() throws {
        stores = try TestStores()
        shared = try HybridStrategy.prepare(in: stores.environment)
    }

    private var lifetimes: Lifetimes { stores.environment.policy.lifetimes }

    private func renewed(
        _ strategy: inout HybridStrategy, _ credential: Credential, at now: Instant
    ) throws -> Credential? {
        if case .renewed(let next) = try strategy.renew(credential, at: now) { next } else { nil }
    }

    @Test("tokens live as long as their lifetime says, at every setting and to the millisecond")
    func lifeOfTokens() throws {
        for seconds in Array(1...60) + [90, 199, 200, 300, 600, 900, 1201, 3600] {
            var environment = stores.environment
            environment.policy.lifetimes.access_ms = Int64(seconds) * 1000
            let lifetime = HybridStrategy.lifetime(under: environment.policy)
            var strategy = try HybridStrategy(sharing: HybridStrategy.prepare(in: environment))
            let logins = (0..<64).map { Login(alice, at: .start + Int64($0 * 997 % 1000)) }
            var lives: Set<Int64> = []
            for (login, credential) in zip(logins, try strategy.load(logins)) {
                func isAccepted(_ age_ms: Int64) throws -> Bool {
                    try strategy.authenticate(credential, at: login.instant + age_ms) == .accepted(alice)
                }
                // The shortest life is not reached, the longest is.
                #expect(try isAccepted(lifetime.shortest_ms), "\(seconds) s")
                #expect(try !isAccepted(lifetime.longest_ms), "\(seconds) s")
                let steps = lifetime.shortest_ms / 1000...lifetime.longest_ms / 1000
                if let last = try steps.last(where: { try isAccepted($0 * 1000) }) { lives.insert(last) }
            }
            // Jitter takes whole seconds, up to 5 %, each as likely as the others.
            #expect(lives.count > min(6, seconds / 40), "\(seconds) s: \(lives)")
        }
    }

    @Test("a retired refresh token takes the whole family with it")
    func reuse() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let first = try strategy.login(alice, at: .start)
        let second = try #require(try renewed(&strategy, first, at: .start + 1000))
        let late = Instant.start + (1000 + lifetimes.refreshGrace_ms)
        guard case .refused(.reused) = try strategy.renew(first, at: late) else {
            Issue.record("a retired token was not recognised")
            return
        }
        #expect(try renewed(&strategy, second, at: late) == nil)
    }

    @Test("a lost answer can be asked for again within the grace, and gives the same token")
    func grace() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let first = try strategy.login(alice, at: .start)
        let second = try #require(try renewed(&strategy, first, at: .start))
        let again = try #require(try renewed(&strategy, first, at: .start + (lifetimes.refreshGrace_ms - 1)))
        #expect(again.refreshToken == second.refreshToken)
        #expect(try renewed(&strategy, second, at: .start + 5000) != nil)
    }

    @Test("only the generation before the newest has a grace")
    func olderGeneration() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let first = try strategy.login(alice, at: .start)
        let second = try #require(try renewed(&strategy, first, at: .start))
        let third = try #require(try renewed(&strategy, second, at: .start))
        #expect(try renewed(&strategy, first, at: .start) == nil)
        #expect(try renewed(&strategy, third, at: .start) == nil, "the family is revoked")
    }

    @Test("a forged or bent refresh token is refused and revokes nothing")
    func forged() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let credential = try strategy.login(alice, at: .start)
        for index in credential.refreshToken.indices {
            var bent = credential
            bent.refreshToken[index] =
                bent.refreshToken[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(try renewed(&strategy, bent, at: .start) == nil, "byte \(index)")
        }
        let access = Credential(headerLine: credential.headerLine, refreshToken: credential.headerLine)
        #expect(try renewed(&strategy, access, at: .start) == nil, "an access token is no refresh token")
        #expect(try renewed(&strategy, credential, at: .start) != nil)
    }

    @Test("a refresh token is no access token")
    func refreshTokenAsBearer() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let token = try strategy.login(alice, at: .start).refreshToken
        let bearer = Credential(headerLine: Array("Authorization: Bearer ".utf8) + token)
        #expect(try strategy.authenticate(bearer, at: .start) == .refused(.malformed))
    }

    @Test("idle and absolute expiry end a family; rotating pushes only the former")
    func expiry() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let idle = try strategy.login(alice, at: .start)
        #expect(try renewed(&strategy, idle, at: .start + lifetimes.refreshIdle_ms) == nil)
        var credential = try strategy.login(alice, at: .start)
        var age_ms: Int64 = 0
        while age_ms + lifetimes.refreshIdle_ms - 1 < lifetimes.absolute_ms {
            age_ms += lifetimes.refreshIdle_ms - 1
            credential = try #require(try renewed(&strategy, credential, at: .start + age_ms))
        }
        #expect(try renewed(&strategy, credential, at: .start + lifetimes.absolute_ms) == nil)
    }

    @Test("signing out revokes the family, and everywhere all of a user's")
    func logout() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let one = try strategy.login(alice, at: .start)
        let two = try strategy.login(alice, at: .start)
        try strategy.logout(one, at: .start)
        #expect(try renewed(&strategy, one, at: .start) == nil)
        try strategy.logoutEverywhere(alice, at: .start)
        #expect(try renewed(&strategy, two, at: .start) == nil)
    }

    @Test("the database holds no refresh token")
    func hashed() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let first = try strategy.login(alice, at: .start)
        let second = try #require(try renewed(&strategy, first, at: .start))
        let bytes = try stores.databaseBytes()
        for credential in [first, second] {
            #expect(bytes.range(of: Data(credential.refreshToken)) == nil)
            let decoded = Base64URL.decode(credential.refreshToken.span)
            let raw = try #require(decoded)
            #expect(bytes.range(of: Data(raw.suffix(32))) == nil)
        }
    }

    @Test("32 clients with one token at once get one and the same successor")
    func concurrentRenewal() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let credential = try strategy.login(alice, at: .start)
        let tokens = Mutex<[[UInt8]]>([])
        let (gate, done) = (DispatchGroup(), DispatchGroup())
        gate.enter()
        for index in 0..<32 {
            DispatchQueue(label: "client \(index)").async(group: done) { [shared] in
                gate.wait()
                guard var own = try? HybridStrategy(sharing: shared),
                    case .renewed(let next)? = try? own.renew(credential, at: .start)
                else { return }
                tokens.withLock { $0.append(next.refreshToken) }
            }
        }
        gate.leave()
        done.wait()
        let received = tokens.withLock { $0 }
        #expect(received.count == 32)
        #expect(Set(received).count == 1)
        let branch = Credential(headerLine: credential.headerLine, refreshToken: try #require(received.first))
        #expect(try renewed(&strategy, branch, at: .start) != nil)
    }

    @Test("a clock that is behind by up to the grace is no reuse, and one further behind is")
    func clockBehind() throws {
        var strategy = try HybridStrategy(sharing: shared)
        for behind_ms in [1, lifetimes.refreshGrace_ms] {
            let first = try strategy.login(alice, at: .start)
            let second = try #require(try renewed(&strategy, first, at: .start + 60_000))
            let again = try renewed(&strategy, first, at: .start + (60_000 - behind_ms))
            #expect(again?.refreshToken == second.refreshToken, "\(behind_ms) ms behind")
        }
        let first = try strategy.login(alice, at: .start)
        _ = try renewed(&strategy, first, at: .start + 60_000)
        let far = Instant.start + (60_000 - lifetimes.refreshGrace_ms - 1)
        guard case .refused(.reused) = try strategy.renew(first, at: far) else {
            Issue.record("a retired token was taken by a clock that is further behind than the grace")
            return
        }
    }

    @Test("an exchange by a clock that is behind takes neither grace nor idle time back")
    func nothingTakenBack() throws {
        var strategy = try HybridStrategy(sharing: shared)
        let first = try strategy.login(alice, at: .start)
        let second = try #require(try renewed(&strategy, first, at: .start + 9000))
        let third = try #require(try renewed(&strategy, second, at: .start + 4000))
        // Its grace is counted from the later of the two moments.
        let again = try renewed(&strategy, second, at: .start + (9000 + lifetimes.refreshGrace_ms - 1))
        #expect(again?.refreshToken == third.refreshToken)
        let last = Instant.start + (9000 + lifetimes.refreshIdle_ms - 1)
        #expect(try renewed(&strategy, third, at: last) != nil)
    }

    @Test(
        "a damaged row is an error, never a crash and never a decision",
        arguments: [
            "generation = -1", "generation = 4294967296", "generation = 9223372036854775807",
            "generation = -9223372036854775808",
        ])
    func damagedGeneration(change: String) throws {
        var strategy = try HybridStrategy(sharing: shared)
        let first = try strategy.login(alice, at: .start)
        let other = try strategy.login(Subject(id: 8), at: .start)
        let database = try SQLiteConnection(path: stores.environment.sqlite.path)
        try database.execute("UPDATE refresh_families SET \(change) WHERE user_id = 7")
        #expect(throws: DamagedStoreError.self) { _ = try renewed(&strategy, first, at: .start) }
        #expect(try renewed(&strategy, other, at: .start) != nil, "the connection goes on")
    }

    @Test(
        "impossible times in a row are a decision without a crash",
        arguments: ["rotated_at", "idle_expires_at", "abs_expires_at", "authenticated_at"])
    func damagedTimes(column: String) throws {
        var strategy = try HybridStrategy(sharing: shared)
        let database = try SQLiteConnection(path: stores.environment.sqlite.path)
        for time in [Int64.min, -1, 0, .max] {
            let first = try strategy.login(alice, at: .start)
            let second = try renewed(&strategy, first, at: .start)
            try database.execute("UPDATE refresh_families SET \(column) = \(time)")
            for credential in [first, second ?? first] { _ = try strategy.renew(credential, at: .start) }
            try strategy.logoutEverywhere(alice, at: .start)
        }
    }

    @Test("the last generation that a token can name has no successor, and is an error")
    func lastGeneration() throws {
        let key = try SharedSecret(count: 32)
        var store = try RefreshFamilies<SQLiteRefreshStore>(stores.environment, key: key)
        let first = try store.create(for: alice, at: .start)
        var mac = key.withBytes { HMACSHA256(key: $0) }
        var hasher = SHA256()
        var token = try #require(RefreshToken.read(first.span, &mac))
        token.generation = .max
        let text = token.text(&mac)
        let hash = hasher.digest(text.span)
        let digits = hash.indices.map { String(hash[$0] >> 4, radix: 16) + String(hash[$0] & 15, radix: 16) }
        let database = try SQLiteConnection(path: stores.environment.sqlite.path)
        try database.execute(
            "UPDATE refresh_families SET generation = 4294967295, token_hash = x'\(digits.joined())'")
        #expect(throws: DamagedStoreError.self) { _ = try store.exchange(text.span, at: .start) }
        // A token of the last generation is no predecessor of the first.
        try database.execute("UPDATE refresh_families SET generation = 0")
        guard case .refused = try store.exchange(text.span, at: .start) else {
            Issue.record("the last generation was taken for the one before the first")
            return
        }
    }

    @Test("a rotation that does not come to its end leaves the old token usable, and only that")
    func crash() throws {
        struct Crash: Error {}
        let key = try SharedSecret(count: 32)
        var store = try RefreshFamilies<SQLiteRefreshStore>(stores.environment, key: key)
        let first = try store.create(for: alice, at: .start)
        func failingExchange() throws {
            _ = try store.exchange(first.span, at: .start, beforeCommit: { throw Crash() })
        }
        #expect(throws: Crash.self) { try failingExchange() }
        var after = try RefreshFamilies<SQLiteRefreshStore>(stores.environment, key: key)
        guard case .rotated(_, _, _, let next) = try after.exchange(first.span, at: .start + 60_000) else {
            Issue.record("the old token was lost in the crash")
            return
        }
        guard case .rotated = try after.exchange(next.span, at: .start + 60_000) else {
            Issue.record("the token after the crash is no good")
            return
        }
    }
}
