import HotPaths
import AuthStrategies
import Benchmark
import Peers

/// What the hot paths allocate and how often they count references, and what the bare calls below them do.
let benchmarks: @Sendable () -> Void = {
    counts("hs256-jwt authenticate") { try TokenSandbox().hs256.authenticate.run }
    counts("rs256-jwt authenticate") { try TokenSandbox().rs256.authenticate.run }
    counts("claims reader") { try TextHotPaths.claimsReader(TokenSandbox.tokens).run }
    counts("header parse") { try TextHotPaths.headerParse(TokenSandbox.tokens).run }
    counts("histogram record") { HarnessHotPaths.histogramRecord.run }
    counts("bare EVP_MAC") {
        let sandbox = try TokenSandbox()
        let hmac = try Bare.hmac(key: sandbox.keys.secret, of: sandbox.hs256Inputs)
        return { _ = try hmac.run($0) }
    }
    counts("bare EVP_PKEY_verify") {
        let sandbox = try TokenSandbox()
        let verify = try Bare.verify(
            publicKey: sandbox.keys.publicKey, digests: sandbox.rs256Digests,
            signatures: sandbox.rs256Signatures)
        return { _ = try verify.run($0) }
    }
    counts("bare point read") {
        let sandbox = try StoreSandbox()
        _ = try sandbox.authenticate(SQLiteSessionStrategy.self, clients: 1)
        let read = try Bare.pointRead(path: sandbox.stores.environment.sqlite.path, clients: 1)
        return { count in _ = try withExtendedLifetime(sandbox) { try read.run(count) } }
    }
    counts("bare GET") {
        let sandbox = try StoreSandbox()
        _ = try sandbox.authenticate(RedisSessionStrategy.self, clients: 1)
        let get = try Bare.get(
            socket: sandbox.stores.redisSocket, prefix: HotPathStores.redisPrefix + "s:", clients: 1)
        return { count in _ = try withExtendedLifetime(sandbox) { try get.run(count) } }
    }
    // Enough for what a measurement allocates once, for each bucket of time that it saw, to be next to nothing.
    let operations = ["null-baseline": 2_000_000, "rs256-jwt": 20_000, "redis-session": 20_000]
    for strategy in builtinStrategies {
        let id = strategy.descriptor.id
        counts("\(id) authenticate under the harness", operations: operations[id] ?? 200_000) {
            let piece = try StoreSandbox().authenticate(strategy, clients: 1)
            return { _ = try piece.run($0) }
        }
    }
}
