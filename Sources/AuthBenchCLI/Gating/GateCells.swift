import AuthCore
import AuthReport
import Foundation

/// Which cells two programs have in common, and which of them also watch the gate itself.
struct GateCells {
    var common: [SliceProtocol.Cell] = []
    var unpaired: [GateHeader.Unpaired] = []
    var needsRedis = false
    /// Strategies whose store is a process of its own.
    var served: Set<String> = []
    /// Indices into `common` of the cells in which the base is measured against itself.
    var sentinels: [Int] = []

    /// - Parameters:
    ///   - base: what the base says of itself.
    ///   - head: the same of the head.
    ///   - plan: which strategies and operations are wanted.
    /// - Throws: `Fault` when a name fits none or several strategies.
    init(_ base: SliceProtocol.Greeting, _ head: SliceProtocol.Greeting, _ plan: GatePlan) throws {
        let known =
            base.strategies + head.strategies.filter { one in !base.strategies.contains { $0.id == one.id } }
        let chosen = try Self.choose(plan.strategies, from: known)
        for strategy in chosen {
            let isInBase = base.strategies.contains { $0.id == strategy.id }
            let isInHead = head.strategies.contains { $0.id == strategy.id }
            guard isInBase, isInHead else {
                unpaired.append(.init(strategy: strategy.id, only_in: isInBase ? .base : .head))
                continue
            }
            if strategy.stores.contains(Store.redis.rawValue) { served.insert(strategy.id) }
            common += plan.operations.filter { $0.applies(to: strategy, clients: plan.clients) }
                .map { .init(strategy: strategy.id, operation: $0.name) }
        }
        needsRedis = !served.isEmpty
        sentinels = Self.sentinels(common, chosen)
    }

    private static func choose(
        _ names: [String], from known: [SliceProtocol.Strategy]
    ) throws -> [SliceProtocol.Strategy] {
        if names.isEmpty { return known.filter { !$0.is_floor } }
        let chosen = try StrategyOptions.identifiers(names, among: known.map(\.id))
        return known.filter { chosen.contains($0.id) }
    }

    /// The first cell that only computes and the first that asks a store: two ways for the gate to be biased.
    private static func sentinels(_ cells: [SliceProtocol.Cell], _ strategies: [SliceProtocol.Strategy])
        -> [Int]
    {
        // Several clients differ from themselves by more than a bias that matters.
        let candidates = cells.indices.filter { cells[$0].rank != .parallel }
        let storeless = Set(strategies.filter(\.stores.isEmpty).map(\.id))
        let computing = candidates.first { storeless.contains(cells[$0].strategy) }
        let asking = candidates.first { !storeless.contains(cells[$0].strategy) }
        let both = [computing, asking].compactMap(\.self)
        return both.count == 2 ? both : Array(candidates.prefix(2))
    }
}
