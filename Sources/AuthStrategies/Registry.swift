import AuthCore

/// The strategies that come with authbench, in the order of lists and tables.
public let builtinStrategies: StrategyRegistry = {
    let strategies: StrategyRegistry = [
        NullStrategy.self,
        SQLiteSessionStrategy.self,
        RedisSessionStrategy.self,
        HS256JWTStrategy.self,
        RS256JWTStrategy.self,
        HybridStrategy.self,
    ]
    #if AUTHBENCH_DEFECT || DEBUG
        return ChosenDefect.applied(to: strategies)
    #else
        return strategies
    #endif
}()
