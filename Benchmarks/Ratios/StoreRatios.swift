import HotPaths
import AuthStrategies
import Contest
import Peers

/// The session strategies under the whole harness against loops in C that ask the same store and do nothing else.
func storeRatios() {
    for clients in [1, 8, 200] {
        ratio("sqlite-session authenticate, \(clients) clients against C loop") {
            let sandbox = try StoreSandbox()
            let ours = try sandbox.authenticate(SQLiteSessionStrategy.self, clients: clients)
            return try Contest(
                ours, against: Bare.pointRead(path: sandbox.stores.environment.sqlite.path, clients: clients),
                slice_ns: clients == 1 ? 2_500_000 : slice_ns(clients), fours: clients == 200 ? 3 : 25,
                bind: clients == 1 ? sandbox.together : sandbox.anywhere)
        }
    }
    for clients in [1, 16, 200] {
        ratio("redis-session authenticate, \(clients) clients against hiredis loop") {
            let sandbox = try StoreSandbox()
            let ours = try sandbox.authenticate(RedisSessionStrategy.self, clients: clients)
            return try Contest(
                ours,
                against: Bare.get(
                    socket: sandbox.stores.redisSocket, prefix: HotPathStores.redisPrefix + "s:",
                    clients: clients),
                slice_ns: slice_ns(clients), fours: clients == 200 ? 3 : 25,
                bind: clients == 1 ? sandbox.together : sandbox.apart)
        }
    }
    for clients in [1, 16] {
        for isBound in [true, false] {
            let place = isBound ? "" : " (unbound)"
            ratio("redis-session authenticate, \(clients) clients against redis-benchmark\(place)", rounds: 6)
            {
                let sandbox = try StoreSandbox()
                let ours = try sandbox.authenticate(RedisSessionStrategy.self, clients: clients)
                return try Contest(
                    ours,
                    against: RedisBenchmark.get(
                        socket: sandbox.stores.redisSocket, value_bytes: StoreSandbox.value_bytes,
                        connections: clients),
                    slice_ns: 300_000_000, fours: 2,
                    bind: isBound ? (clients == 1 ? sandbox.together : sandbox.apart) : sandbox.anywhere)
            }
        }
    }
    for clients in [1, 8] {
        ratio("postgres-session authenticate, \(clients) clients against libpq loop") {
            let sandbox = try StoreSandbox(hasPostgreSQL: true)
            let ours = try sandbox.authenticate(PostgreSQLSessionStrategy.self, clients: clients)
            guard let server = sandbox.stores.environment.postgres else { throw NoServerError() }
            return try Contest(
                ours,
                against: Bare.preparedRead(url: server.url, schema: server.schema, clients: clients),
                slice_ns: slice_ns(clients), bind: clients == 1 ? sandbox.together : sandbox.anywhere)
        }
        ratio("postgres-session authenticate, \(clients) clients against pgbench", rounds: 6) {
            let sandbox = try StoreSandbox(hasPostgreSQL: true)
            let ours = try sandbox.authenticate(PostgreSQLSessionStrategy.self, clients: clients)
            guard let server = sandbox.stores.environment.postgres else { throw NoServerError() }
            return try Contest(
                ours, against: PGBench.select(url: server.url, connections: clients),
                slice_ns: 500_000_000, fours: 2, bind: clients == 1 ? sandbox.together : sandbox.anywhere)
        }
    }
    // A list is read by one MGET, a session by one GET.
    ratio("denylist-redis authenticate against redis-session authenticate") {
        let sandbox = try StoreSandbox()
        return try Contest(
            sandbox.authenticate("denylist-redis", clients: 1),
            against: sandbox.authenticate(RedisSessionStrategy.self, clients: 1), slice_ns: slice_ns(1),
            bind: sandbox.together)
    }
    ratio("memory-session authenticate, 8 clients against 1 client") {
        let sandbox = try StoreSandbox()
        return try Contest(
            sandbox.authenticate(MemorySessionStrategy.self, clients: 8),
            against: sandbox.authenticate(MemorySessionStrategy.self, clients: 1), slice_ns: slice_ns(8),
            bind: sandbox.anywhere)
    }
    ratio("hybrid authenticate against hs256-jwt authenticate") {
        let sandbox = try StoreSandbox()
        let shared = try HybridStrategy.prepare(in: sandbox.stores.environment)
        let hybrid = try StrategyHotPaths<HybridStrategy>(sharing: shared, credentials: TokenSandbox.tokens)
        return try withExtendedLifetime(sandbox) {
            try Contest(
                Contestant(hybrid.authenticate), against: Contestant(TokenSandbox().hs256.authenticate))
        }
    }
}

/// A sandbox without the server that was asked for.
private struct NoServerError: Error {}

/// So long that starting the clients together is next to nothing in it.
private func slice_ns(_ clients: Int) -> UInt64 { clients == 200 ? 250_000_000 : 20_000_000 }
