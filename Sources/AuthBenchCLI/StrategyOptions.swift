import ArgumentParser
import AuthCore

/// The arguments that choose strategies.
struct StrategyOptions: ParsableArguments {
    @Option(
        help:
            "A strategy to measure, or the beginning of its name; may be given several times (default: all).")
    var strategy: [String] = []

    /// The strategies named, whole or by a beginning that fits one only, in the registry's order; all of those
    /// given here when none is named.
    func selected(from strategies: StrategyRegistry = Registry.strategies) throws -> StrategyRegistry {
        let chosen = try Self.identifiers(strategy, among: strategies.map { $0.descriptor.id })
        return chosen.isEmpty ? strategies : strategies.filter { chosen.contains($0.descriptor.id) }
    }

    /// The identifiers meant by names, whole or by a beginning that fits one only.
    static func identifiers(_ names: [String], among ids: [String]) throws -> [String] {
        try names.map { name in
            let fitting = ids.contains(name) ? [name] : ids.filter { !name.isEmpty && $0.hasPrefix(name) }
            guard fitting.count == 1 else {
                let fault = fitting.isEmpty ? "unknown strategy" : "ambiguous strategy"
                throw Fault.usage("\(fault) \"\(name)\": choose \(ids.joined(separator: ", "))")
            }
            return fitting[0]
        }
    }
}
