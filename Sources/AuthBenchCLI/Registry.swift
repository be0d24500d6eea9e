import AuthCore
import AuthStrategies

/// Holds the strategies that the commands know.
enum Registry {
    @TaskLocal static var strategies: StrategyRegistry = []

    static var baseline: String? { strategies.baseline }
}

extension StrategyRegistry {
    /// The strategy that does nothing, so that its time is the cost of measuring.
    var baseline: String? { map { $0.descriptor }.first { $0.transport == .none }?.id }
}

enum Version {
    static let authbench = "0.1.0" + (ChosenDefect.text.map { ", defective on purpose: \($0)" } ?? "")

    /// The compiler's version, as far as a program can find it out.
    static var swift: String {
        #if swift(>=6.4)
            "6.4 or later"
        #elseif swift(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
