import AuthCore
import AuthStrategies
import TestStores
import Testing

@Suite("Choice of strategies")
struct StrategyChoiceTests {
    private func names(_ names: String...) throws -> [String] {
        try StrategyChoice.named(names, among: builtinStrategies).map { $0.descriptor.id }
    }

    @Test("nothing is the card, and sets have what they are named for")
    func sets() throws {
        let card = ["null-baseline", "sqlite-session", "redis-session", "hs256-jwt", "rs256-jwt", "hybrid"]
        #expect(try names() == card)
        #expect(try names("card") == card)
        #expect(try names("all") == builtinStrategies.map { $0.descriptor.id })
        let sessions = try names("sessions")
        #expect(
            sessions == [
                "memory-session", "sqlite-session", "redis-session", "cluster-session", "postgres-session",
                "introspection",
            ])
        #expect(
            try names("tokens").allSatisfy {
                $0.hasSuffix("-jwt") || $0 == "hybrid" || $0.hasPrefix("epoch-")
            })
        let revocable = try names("revocable")
        #expect(Set(revocable).isSuperset(of: sessions + ["denylist-redis", "bound-jwt"]))
        #expect(!revocable.contains("hs256-jwt") && !revocable.contains("epoch-redis"))
    }

    @Test("a beginning will do, each is there once, and variants follow their strategy")
    func beginnings() throws {
        #expect(try names("hs256", "hs256-jwt", "null") == ["null-baseline", "hs256-jwt"])
        #expect(
            try names("rs256@bits=4096", "rs256", "rs256-jwt@bits=4096")
                == ["rs256-jwt@bits=4096", "rs256-jwt"])
        #expect(try names("hybrid@access=90s").count == 1)
    }

    @Test(
        "what there is not is one line that says what there is",
        arguments: [
            ("rs", "unknown"), ("", "unknown"), ("redis", "ambiguous"),
            ("hs256@bits=2048", "its parameters are rotate=…"),
            ("null-baseline@bits=2048", "it has no parameters"),
            ("hs256@rotate=often", "a time such as"),
            ("rs256@", "its parameters are bits"), ("rs256@bits", "its parameters are bits"),
            ("rs256@bits=2049", "bits is 2048, 3072, 4096"), ("rs256@bits=", "bits is 2048"),
            ("rs256@bits=3072,bits=3072", "once"), ("rs256@bytes=3", "its parameters are bits"),
            ("hybrid@access=5", "a time such as"), ("hybrid@access=-5s", "a time such as"),
            ("hybrid@access=9999999h", "a time such as"), ("card@bits=2048", "unknown"),
        ])
    func unknown(name: String, part: String) throws {
        // "rs" begins one strategy only, and "redis" too: the others have it at the end.
        guard name != "rs", name != "redis" else {
            #expect(try names(name).count == 1)
            return
        }
        let error = #expect(throws: (any Error).self) { _ = try names(name) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(part), "\(text)")
    }

    @Test("a variant does what it says: a longer key, a shorter life, a place of its own")
    func variants() throws {
        let stores = try TestStores()
        func choice(_ name: String) throws -> StrategyChoice {
            try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
        }
        func signature_bytes<S: AuthStrategy & ~Copyable>(_: S.Type, _ choice: StrategyChoice) throws -> Int?
        {
            let environment = choice.environment(stores.environment)
            var strategy = try S(sharing: S.prepare(in: environment))
            let credential = try strategy.login(Subject(id: 1), at: .start)
            let decision = try strategy.authenticate(credential, at: .start)
            #expect(decision == .accepted(Subject(id: 1)))
            return try strategy.signOctets([1])?.count
        }
        func check(_ name: String, _ bytes: Int) throws {
            let choice = try choice(name)
            func run<S: AuthStrategy & ~Copyable>(_ type: S.Type) throws {
                #expect(try signature_bytes(type, choice) == bytes, "\(name)")
            }
            try run(choice.type)
        }
        try check("rs256-jwt", 256)
        try check("rs256-jwt@bits=3072", 384)
        try check("ps256-jwt@bits=4096", 512)
        let (hybrid, plain) = (try choice("hybrid@access=90s"), try choice("hybrid"))
        #expect(hybrid.type.lifetime(under: hybrid.policy(Policy())).longest_ms == 90_000)
        #expect(plain.type.lifetime(under: plain.policy(Policy())).longest_ms == 900_000)
        let (own, other) = (hybrid.environment(stores.environment), plain.environment(stores.environment))
        #expect(own.sqlite.path != other.sqlite.path && other.sqlite.path == stores.environment.sqlite.path)
        #expect(own.redis?.keyPrefix.hasPrefix("test:") == true && own.redis?.keyPrefix != "test:")
        #expect(own.postgres?.schema != other.postgres?.schema)
    }

    @Test("PostgreSQL keeps sessions as each durability says", arguments: ["full", "relaxed", "unlogged"])
    func durability(value: String) throws {
        let stores = try TestStores(.touching(.always))
        let choice = try #require(
            try StrategyChoice.named(["postgres-session@durability=\(value)"], among: builtinStrategies).first
        )
        let environment = choice.environment(stores.environment)
        var strategy = try PostgreSQLSessionStrategy(
            sharing: PostgreSQLSessionStrategy.prepare(in: environment))
        let credential = try strategy.login(Subject(id: 1), at: .start)
        #expect(try strategy.authenticate(credential, at: .start + 1000) == .accepted(Subject(id: 1)))
        let session = try #require(try strategy.sessions(of: Subject(id: 1), at: .start + 1000)?.first)
        #expect(session.lastSeen == .start + 1000)
        let failures = strategy.touchFailures
        #expect(failures == 0)
    }
}
