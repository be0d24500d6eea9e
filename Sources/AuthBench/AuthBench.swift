@_exported import AuthBenchCLI
@_exported import AuthCore
internal import AuthStrategies

/// The strategies that come with authbench: something to compare your own with, and the harness's own cost.
///
/// `AuthBench.main(builtinStrategies + [MyStrategy.self])` is a program that measures both.
public let builtinStrategies: StrategyRegistry = AuthStrategies.builtinStrategies
