import HotPaths
import AuthStrategies
import Peers

/// Something whose allocations and reference counts are counted.
struct Counted {
    var name: String
    var operations: Int
    /// Gives what carries out so many operations.
    var setUp: () throws -> (_ count: Int) throws -> Void

    init(
        _ name: String, operations: Int = 1000, setUp: @escaping () throws -> (_ count: Int) throws -> Void
    ) {
        (self.name, self.operations, self.setUp) = (name, operations, setUp)
    }
}

/// What the hot paths allocate and how often they count references, and what the bare calls below them do.
var counted: [Counted] {
    // Enough for what a measurement allocates once, for each bucket of time that it saw, to be next to nothing.
    let operations = ["null-baseline": 500_000, "rs256-jwt": 10_000]
    // All that these allocate is OpenSSL's, and their way is that of RS256; PostgreSQL, a cluster and an authority are not in the sandbox; of
    // one-time a sign-in stands before each request.
    let others: Set = [
        "ps256-jwt", "es256-jwt", "ed25519-jwt", "cluster-session", "postgres-session", "introspection",
        "one-time",
    ]
    return [
        Counted("hs256-jwt authenticate") { try TokenSandbox().hs256.authenticate.run },
        Counted("rs256-jwt authenticate") { try TokenSandbox().rs256.authenticate.run },
        Counted("claims reader") { try TextHotPaths.claimsReader(TokenSandbox.tokens).run },
        Counted("header parse") { try TextHotPaths.headerParse(TokenSandbox.tokens).run },
        Counted("histogram record") { HarnessHotPaths.histogramRecord.run },
        Counted("bare EVP_MAC") {
            let sandbox = try TokenSandbox()
            let hmac = try Bare.hmac(key: sandbox.keys.secret, of: sandbox.hs256Inputs)
            return { _ = try hmac.run($0) }
        },
        Counted("bare EVP_PKEY_verify") {
            let sandbox = try TokenSandbox()
            let verify = try Bare.verify(
                publicKey: sandbox.keys.publicKey, digests: sandbox.rs256Digests,
                signatures: sandbox.rs256Signatures)
            return { _ = try verify.run($0) }
        },
        Counted("bare point read") {
            let sandbox = try StoreSandbox()
            _ = try sandbox.authenticate(SQLiteSessionStrategy.self, clients: 1)
            let read = try Bare.pointRead(path: sandbox.stores.environment.sqlite.path, clients: 1)
            return { count in _ = try withExtendedLifetime(sandbox) { try read.run(count) } }
        },
        Counted("bare GET") {
            let sandbox = try StoreSandbox()
            _ = try sandbox.authenticate(RedisSessionStrategy.self, clients: 1)
            let get = try Bare.get(
                socket: sandbox.stores.redisSocket, prefix: HotPathStores.redisPrefix + "s:", clients: 1)
            return { count in _ = try withExtendedLifetime(sandbox) { try get.run(count) } }
        },
    ]
        + builtinStrategies.filter { !others.contains($0.descriptor.id) }.map { strategy in
            let (id, hasServer) = (strategy.descriptor.id, strategy.descriptor.server != nil)
            return Counted(
                "\(id) authenticate under the harness",
                operations: operations[id] ?? (hasServer ? 10_000 : 100_000)
            ) {
                let piece = try StoreSandbox().authenticate(strategy, clients: 1)
                return { _ = try piece.run($0) }
            }
        }
}
