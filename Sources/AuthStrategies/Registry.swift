import AuthCore

/// The strategies that come with authbench, in the order of lists and tables.
public let builtinStrategies: StrategyRegistry = [
    NullStrategy.self,
    SQLiteSessionStrategy.self,
    RedisSessionStrategy.self,
    HS256JWTStrategy.self,
    RS256JWTStrategy.self,
    HybridStrategy.self,
]
