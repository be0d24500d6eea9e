import AuthCore

/// The strategies that come with authbench, in the order of lists and tables.
public let builtinStrategies: StrategyRegistry = {
    let strategies: StrategyRegistry = [
        NullStrategy.self,
        MemorySessionStrategy.self,
        SQLiteSessionStrategy.self,
        RedisSessionStrategy.self,
        RedisClusterSessionStrategy.self,
        PostgreSQLSessionStrategy.self,
        Introspection.self,
        HS256JWTStrategy.self,
        RS256JWTStrategy.self,
        PS256JWTStrategy.self,
        ES256JWTStrategy.self,
        Ed25519JWTStrategy.self,
        RedisDenylistStrategy.self,
        RedisAllowlistStrategy.self,
        RedisEpochStrategy.self,
        PushedDenylistStrategy.self,
        PushedEpochStrategy.self,
        BoundJWTStrategy.self,
        OneTimeJWTStrategy.self,
        HybridStrategy.self,
    ]
    #if AUTHBENCH_DEFECT || DEBUG
        return ChosenDefect.applied(to: strategies)
    #else
        return strategies
    #endif
}()
