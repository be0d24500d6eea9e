import HotPaths
import AuthStrategies
import Contest
import Peers

/// The session strategies under the whole harness against loops in C that ask the same store and do nothing else.
func storeRatios() {
    for clients in [1, 8, 200] {
        ratio("sqlite-session authenticate, \(clients) clients against C loop") {
            let scene = try StoreScene()
            let ours = try scene.authenticate(SQLiteSessionStrategy.self, clients: clients)
            return try Contest(
                ours, against: Bare.pointRead(path: scene.stores.environment.sqlite.path, clients: clients),
                slice_ns: clients == 1 ? 2_500_000 : slice_ns(clients), fours: clients == 200 ? 3 : 25,
                bind: clients == 1 ? scene.together : scene.anywhere)
        }
    }
    for clients in [1, 16, 200] {
        ratio("redis-session authenticate, \(clients) clients against hiredis loop") {
            let scene = try StoreScene()
            let ours = try scene.authenticate(RedisSessionStrategy.self, clients: clients)
            return try Contest(
                ours,
                against: Bare.get(
                    socket: scene.stores.redisSocket, prefix: HotPathStores.redisPrefix + "s:",
                    clients: clients),
                slice_ns: slice_ns(clients), fours: clients == 200 ? 3 : 25,
                bind: clients == 1 ? scene.together : scene.apart)
        }
    }
    for clients in [1, 16] {
        for isBound in [true, false] {
            let place = isBound ? "" : " (unbound)"
            ratio("redis-session authenticate, \(clients) clients against redis-benchmark\(place)", rounds: 6)
            {
                let scene = try StoreScene()
                let ours = try scene.authenticate(RedisSessionStrategy.self, clients: clients)
                return try Contest(
                    ours,
                    against: RedisBenchmark.get(
                        socket: scene.stores.redisSocket, value_bytes: StoreScene.value_bytes,
                        connections: clients),
                    slice_ns: 300_000_000, fours: 2,
                    bind: isBound ? (clients == 1 ? scene.together : scene.apart) : scene.anywhere)
            }
        }
    }
    ratio("hybrid authenticate against hs256-jwt authenticate") {
        let scene = try StoreScene()
        let shared = try HybridStrategy.prepare(in: scene.stores.environment)
        let hybrid = try StrategyHotPaths<HybridStrategy>(sharing: shared, credentials: TokenScene.tokens)
        return try withExtendedLifetime(scene) {
            try Contest(Contestant(hybrid.authenticate), against: Contestant(TokenScene().hs256.authenticate))
        }
    }
}

/// So long that starting the clients together is next to nothing in it.
private func slice_ns(_ clients: Int) -> UInt64 { clients == 200 ? 250_000_000 : 20_000_000 }
