import AuthCore
import AuthResults

/// What is known of a strategy by construction, which no measurement shows.
package struct StrategyTraits: Sendable {
    package var stores: Set<Store>
    /// The one of them that is a process of its own.
    package var server: Store?
    /// Whether several services can use it, each on a machine of its own.
    package var isShared: Bool
    /// Whether what a service needs to verify credentials also makes them: a secret that signs, or a store that it writes.
    package var verifierCanMint: Bool

    package init(_ choice: StrategyChoice) {
        let descriptor = choice.descriptor
        (stores, server) = (descriptor.stores, descriptor.server)
        isShared = descriptor.credential == .signed || descriptor.server != nil
        let set = choice.parameters["alg"] ?? descriptor.parameters.first { $0.name == "alg" }?.standard
        // Lists sign as HS256 does, plain tokens as their name says.
        let name = descriptor.id.hasSuffix("-jwt") ? String(descriptor.id.prefix { $0 != "-" }) : "hs256"
        let isSymmetric = !["rs256", "ps256", "es256", "ed25519"].contains(set ?? name)
        verifierCanMint = descriptor.credential == .signed ? isSymmetric : descriptor.server != .authority
    }

    /// Ways in which a store is away: it is dead, it hangs, or it is too slow; a file can only be locked.
    package static let faultsAway: [StoreFault] = [.kill, .stop, .slow, .lock]

    /// Those that can happen to its stores.
    var faultsAway: [StoreFault] { Self.faultsAway.filter { !stores.isDisjoint(with: $0.stores) } }
}

/// What an architect decides on, in the order of the table.
package enum Driver: String, CaseIterable, Sendable {
    case p99, signIns = "sign_ins", logout, permission, storeAway = "store_away", header, minting, stores,
        services
    case cpu, bytes, share, core, price

    /// The requirement whose number decides it; `nil` where none does.
    package var key: RequirementKey? {
        switch self {
        case .p99: .p99
        case .logout: .logoutWithin
        case .permission: .permissionChangeWithin
        case .header: .headerLimit
        default: nil
        }
    }
}

/// What is required of one strategy, what was measured, and whether that is enough.
package struct Finding: Sendable, Equatable {
    package enum Verdict: String, Sendable {
        case ok
        case no = "NO"
        /// No measured row speaks to it, or its interval has the requirement in it.
        case unknown = "?"
        /// Nothing is required.
        case told = ""
    }

    static let notMeasured = "not measured"

    package var text: String
    package var verdict: Verdict
    /// The least value of the requirement that it keeps, in the requirement's unit; `nil` for one without a number.
    package var least: Double?
    package var sources: [String] = []
    /// Why it is not known, where more is to be said than `text` has room for.
    package var why: String?
}

/// A strategy under requirements.
package struct AdvisedStrategy: Sendable {
    package var strategy: String
    package var findings: [Driver: Finding]
    /// Processor time of service and store for one request, in microseconds; `nil` where it was not measured.
    package var cpu_us: Double?
    /// Under which single change of a requirement it would be in or out.
    package var flips: [String] = []

    package var fails: [Driver] { Driver.allCases.filter { findings[$0]?.verdict == .no } }
    package var unknown: [Driver] { Driver.allCases.filter { findings[$0]?.verdict == .unknown } }
    package var meets: Bool { fails.isEmpty && unknown.isEmpty }
}

/// The answer to requirements, from rows alone.
package struct Advice {
    package let requirements: Requirements
    /// Those that meet all first, cheapest first; then those of which something is unknown; then the others.
    package private(set) var strategies: [AdvisedStrategy]
    package let measured: Evidence
    /// Strategies that meet all requirements, and that no other one beats in cost, exposure and response time at once.
    package private(set) var undominated: [String] = []
    /// The nearest change of a requirement, and that of the distance, that would change what is recommended.
    package private(set) var flips: [RecommendationFlip] = []

    /// The cheapest strategy that meets all requirements; `nil` where none does, or no cost was measured.
    package var recommended: String? {
        strategies.first.flatMap { $0.meets && $0.cpu_us != nil ? $0.strategy : nil }
    }

    /// - Parameters:
    ///   - requirements: what is asked.
    ///   - measured: the rows.
    ///   - traits: what is known of each strategy by construction.
    package init(
        _ requirements: Requirements, _ measured: Evidence, _ traits: [String: StrategyTraits]
    ) {
        self.init(requirements, measured, traits, findsFlips: true)
    }

    init(
        _ requirements: Requirements, _ measured: Evidence, _ traits: [String: StrategyTraits],
        findsFlips: Bool
    ) {
        (self.requirements, self.measured) = (requirements, measured)
        let names = measured.strategies.filter { traits[$0] != nil }
        var order: [(Int, Double, Int)] = []
        var all = names.compactMap { name -> AdvisedStrategy? in
            traits[name].map { Assessor(requirements, measured, name, $0).strategy }
        }
        for (index, one) in all.enumerated() {
            let group = one.meets ? 0 : one.fails.isEmpty ? 1 : 1 + one.fails.count
            order.append((group, one.cpu_us ?? .infinity, index))
        }
        all = order.sorted { $0 < $1 }.map { all[$0.2] }
        strategies = all
        undominated = Self.undominated(all.filter(\.meets))
        guard findsFlips else { return }
        for index in strategies.indices {
            strategies[index].flips = Self.flips(of: strategies[index], requirements)
        }
        flips = RecommendationFlip.nearest(self, traits)
    }

    private static func undominated(_ candidates: [AdvisedStrategy]) -> [String] {
        func costs(_ one: AdvisedStrategy) -> [Double] {
            [one.cpu_us, one.findings[.logout]?.least, one.findings[.p99]?.least].map { $0 ?? .infinity }
        }
        return candidates.filter { one in
            !candidates.contains { other in
                let pairs = zip(costs(other), costs(one))
                return pairs.allSatisfy { $0 <= $1 } && pairs.contains { $0 < $1 }
            }
        }.map(\.strategy)
    }

    /// The single changes that would turn a strategy's answer over.
    private static func flips(of one: AdvisedStrategy, _ requirements: Requirements) -> [String] {
        if !one.fails.isEmpty {
            guard one.fails.count == 1, one.unknown.isEmpty, let driver = one.fails.first else { return [] }
            if let key = driver.key, let least = one.findings[driver]?.least {
                return ["\(key.rawValue) of \(RecommendationFlip.text(least, key)) or more"]
            }
            return [driver.relief].compactMap(\.self)
        }
        guard one.meets else { return [] }
        let nearest = Driver.allCases.compactMap {
            driver -> (key: RequirementKey, least: Double, far: Double)? in
            guard let key = driver.key, let required = requirements[key],
                let least = one.findings[driver]?.least,
                least > 0
            else { return nil }
            return (key, least, required / least)
        }.min { $0.far < $1.far }
        return nearest.map {
            ["\($0.key.rawValue) below \(RecommendationFlip.text($0.least, $0.key))"]
        } ?? []
    }
}

extension Driver {
    /// What must be allowed for a strategy that fails this alone.
    fileprivate var relief: String? {
        switch self {
        case .storeAway: "while_store_away refuse"
        case .minting: "verifiers_may_mint true"
        case .stores: "its store at hand"
        case .services: "one service"
        default: nil
        }
    }
}

/// The nearest change of one requirement after which another strategy is recommended.
package struct RecommendationFlip: Sendable, Equatable {
    package var key: RequirementKey
    /// The requirement's value from which on it is another one, in its unit.
    package var value: Double
    /// Whether it is the first value below one that is kept.
    package var isBelow = false
    /// What is recommended then; `nil` for none.
    package var recommended: String?

    package var text: String {
        "\(key.rawValue) \(isBelow ? "below " : "")\(Self.text(value, key)): then \(recommended ?? "none of these")"
    }

    /// A requirement's value as people say it; rounded up, so that it is kept.
    static func text(_ value: Double, _ key: RequirementKey) -> String {
        switch key {
        case .headerLimit: "\(Int(value.rounded(.up))) bytes"
        default: value >= 60e9 ? ExposureText.time(value / 1e6) : TextTable.time(UInt64(value.rounded(.up)))
        }
    }

    /// A value of a requirement at which somebody begins or ceases to keep it, and how far away it is.
    private typealias Change = (far: Double, key: RequirementKey, value: Double, isBelow: Bool)

    /// Tries the values at which a strategy begins or ceases to meet a requirement, in the order of their distance.
    fileprivate static func nearest(_ advice: Advice, _ traits: [String: StrategyTraits]) -> [Self] {
        var changes: [Change] = []
        func add(_ key: RequirementKey, _ value: Double, from required: Double, isBelow: Bool = false) {
            changes.append((abs(max(value, 1) / max(required, 1) - 1), key, value, isBelow))
        }
        for driver in Driver.allCases {
            guard let key = driver.key, let required = advice.requirements[key] else { continue }
            for least in advice.strategies.compactMap({ $0.findings[driver]?.least }) {
                // Just below what a strategy keeps, it keeps it no more.
                let value = least <= required ? least.nextDown : least
                guard value >= 0 else { continue }
                add(key, value, from: required, isBelow: least <= required)
            }
        }
        // Of distances only those that were measured are known.
        let distance_ns = advice.requirements[.storeRTT] ?? 0
        for value_ns in advice.measured.distances_ns where value_ns != distance_ns {
            add(.storeRTT, value_ns, from: distance_ns)
        }
        return [false, true].compactMap { isDistance in
            first(changes.filter { ($0.key == .storeRTT) == isDistance }, advice, traits)
        }
    }

    /// The first of some changes, in the order of their distance, after which another strategy is recommended.
    private static func first(
        _ changes: [Change], _ advice: Advice,
        _ traits: [String: StrategyTraits]
    ) -> Self? {
        var changes = changes
        changes.sort { ($0.far, $0.key.rawValue, $0.value) < ($1.far, $1.key.rawValue, $1.value) }
        for change in changes {
            let other = Advice(
                advice.requirements.setting(change.key, to: change.value), advice.measured, traits,
                findsFlips: false)
            if other.recommended != advice.recommended {
                return Self(
                    key: change.key, value: change.value, isBelow: change.isBelow,
                    recommended: other.recommended)
            }
        }
        return nil
    }
}
