import AuthCore
import HotPaths
import AuthStrategies
import Contest

/// Strategies under the whole harness, on stores that the bare loops can ask too.
public final class StoreSandbox {
    public let stores: HotPathStores
    public static let population = 10_000
    /// Of the value that Redis holds for a session: five integers and the scope.
    public static let value_bytes = 50

    public init(hasPostgreSQL: Bool = false) throws {
        var policy = Policy()
        // Reads only, as the bare loops do.
        policy.touch = .never
        stores = try HotPathStores(policy, hasPostgreSQL: hasPostgreSQL)
    }

    /// So many clients that present credentials of one strategy together.
    public func authenticate(_ strategy: any (AuthStrategy & ~Copyable).Type, clients: Int) throws
        -> Contestant
    {
        let piece = try ClientHotPath(
            strategy, clients: clients, population: Self.population, environment: stores.environment)
        return Contestant { count in
            let share = (count - 1) / clients + 1
            // The stores live as long as somebody asks them.
            return try withExtendedLifetime(self) { try piece.run(share * clients).wall_ns }
        }
    }

    /// The same of a strategy by its identifier.
    public func authenticate(_ id: String, clients: Int) throws -> Contestant {
        guard let strategy = builtinStrategies.first(where: { $0.descriptor.id == id }) else {
            throw NotReadyError(name: id)
        }
        return try authenticate(strategy, clients: clients)
    }

    /// `authenticate` of a strategy by its identifier on one thread, on few credentials.
    public func hotPath(_ id: String) throws -> HotPath {
        func path<S: AuthStrategy & ~Copyable>(_: S.Type) throws -> HotPath {
            let shared = try S.prepare(in: stores.environment)
            return try StrategyHotPaths<S>(sharing: shared, credentials: TokenSandbox.tokens).authenticate
                .keeping(self)
        }
        guard let strategy = builtinStrategies.first(where: { $0.descriptor.id == id }) else {
            throw NotReadyError(name: id)
        }
        return try path(strategy)
    }

    public func sqlitePointRead() throws -> HotPath {
        let sessions = try signIn(
            SQLiteSessionStrategy.self, sharing: SQLiteSessionStrategy.prepare(in: stores.environment))
        return try StoreHotPaths.sqlitePointRead(path: stores.environment.sqlite.path, tokens: sessions)
            .keeping(self)
    }

    public func sqliteInsert() throws -> HotPath {
        _ = try SQLiteSessionStrategy.prepare(in: stores.environment)
        return try StoreHotPaths.sqliteInsert(path: stores.environment.sqlite.path).keeping(self)
    }

    public func redisRoundTrip() throws -> HotPath {
        let sessions = try signIn(
            RedisSessionStrategy.self, sharing: RedisSessionStrategy.prepare(in: stores.environment))
        guard let redis = stores.environment.redis else { throw NotReadyError(name: "Redis") }
        return try StoreHotPaths.redisRoundTrip(redis, tokens: sessions).keeping(self)
    }

    /// The tokens of a population of sessions.
    private func signIn<S: AuthStrategy & ~Copyable>(_: S.Type, sharing shared: S.Shared) throws -> [[UInt8]]
    {
        try StrategyHotPaths<S>(sharing: shared, credentials: Self.population).headerLines.map {
            Array($0.suffix(43))
        }
    }

    /// Binds clients and servers to one processor, another in each round.
    public func together(_ round: Int) {
        Processors.bind(turn: round)
        stores.bindServers(turn: round)
    }

    /// Binds all clients to one processor and the servers to the next.
    public func apart(_ round: Int) {
        Processors.bind(turn: round)
        stores.bindServers(turn: round + 1)
    }

    /// Lets both run wherever the system puts them.
    public func anywhere(_: Int) {
        Processors.release()
        stores.releaseServers()
    }
}
