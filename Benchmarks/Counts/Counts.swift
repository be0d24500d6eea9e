import HotPaths
import AuthStrategies
import Benchmark
import Peers

/// What the hot paths allocate and how often they count references, and what the bare calls below them do.
let benchmarks: @Sendable () -> Void = {
    counts("hs256-jwt authenticate") { try TokenScene().hs256.authenticate.run }
    counts("rs256-jwt authenticate") { try TokenScene().rs256.authenticate.run }
    counts("claims reader") { try TextHotPaths.claimsReader(TokenScene.tokens).run }
    counts("header parse") { try TextHotPaths.headerParse(TokenScene.tokens).run }
    counts("histogram record") { HarnessHotPaths.histogramRecord.run }
    counts("bare EVP_MAC") {
        let scene = try TokenScene()
        let hmac = try Bare.hmac(key: scene.keys.secret, of: scene.hs256Inputs)
        return { _ = try hmac.run($0) }
    }
    counts("bare EVP_PKEY_verify") {
        let scene = try TokenScene()
        let verify = try Bare.verify(
            publicKey: scene.keys.publicKey, digests: scene.rs256Digests, signatures: scene.rs256Signatures)
        return { _ = try verify.run($0) }
    }
    counts("bare point read") {
        let scene = try StoreScene()
        _ = try scene.authenticate(SQLiteSessionStrategy.self, clients: 1)
        let read = try Bare.pointRead(path: scene.stores.environment.sqlite.path, clients: 1)
        return { count in _ = try withExtendedLifetime(scene) { try read.run(count) } }
    }
    counts("bare GET") {
        let scene = try StoreScene()
        _ = try scene.authenticate(RedisSessionStrategy.self, clients: 1)
        let get = try Bare.get(
            socket: scene.stores.redisSocket, prefix: HotPathStores.redisPrefix + "s:", clients: 1)
        return { count in _ = try withExtendedLifetime(scene) { try get.run(count) } }
    }
    // Enough for what a measurement allocates once, for each bucket of time that it saw, to be next to nothing.
    let operations = ["null-baseline": 2_000_000, "rs256-jwt": 20_000, "redis-session": 20_000]
    for strategy in builtinStrategies {
        let id = strategy.descriptor.id
        counts("\(id) authenticate under the harness", operations: operations[id] ?? 200_000) {
            let kernel = try StoreScene().authenticate(strategy, clients: 1)
            return { _ = try kernel.run($0) }
        }
    }
}
