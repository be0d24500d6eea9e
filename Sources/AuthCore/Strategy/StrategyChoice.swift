/// Something that a variant of a strategy may set: `bits` in `rs256-jwt@bits=3072`.
public struct StrategyParameter: Sendable {
    /// What may be set.
    public enum Kind: Sendable {
        /// One of some words.
        case choice([String])
        /// A time in `ms`, `s`, `m` or `h`, or plain 0.
        case time
        /// A time or one of some words.
        case timeOr([String])
    }

    public var name: String
    public var kind: Kind
    /// What holds where nothing is set, as somebody would type it.
    public var standard: String
    /// One phrase for lists.
    public var meaning: String
    /// Another parameter without which this one sets nothing, or that and its value (`form=opaque`); `nil` for none.
    public var needs: String?
    /// Settings that cannot be had together, each as `needs` has it.
    public var conflicts: [(String, String)]

    public init(
        _ name: String, _ kind: Kind, standard: String, _ meaning: String, needs: String? = nil,
        conflicts: [(String, String)] = []
    ) {
        (self.name, self.kind, self.standard, self.meaning) = (name, kind, standard, meaning)
        (self.needs, self.conflicts) = (needs, conflicts)
    }

    /// What happens to a request that a store or list must be asked about while that is away.
    public static func onFailure(needs: String? = nil) -> Self {
        Self(
            "on-failure", .choice(["refuse", "accept"]), standard: "refuse",
            "what becomes of a request while the store is away", needs: needs)
    }

    /// How old what a server knows may be where it is told of changes.
    public static func staleness(needs: String? = nil) -> Self {
        Self(
            "stale", .time, standard: "1s",
            "how long a server that hears nothing goes by what it knows", needs: needs)
    }

    /// The same as it is set, in milliseconds, at least 1.
    public static func staleness_ms(_ parameters: StrategyParameters) -> Int64 {
        max(1, parameters.time_ms("stale") ?? 1000)
    }

    /// How often a new key signs; the ones before it verify for as long as the tokens that they signed.
    public static func rotation() -> Self {
        Self("rotate", .time, standard: "0", "how often a new key signs; 0 for one key")
    }

    /// What may be typed, for lists and messages.
    public var values: String {
        switch kind {
        case .choice(let words): words.joined(separator: ", ")
        case .time: Self.times
        case .timeOr(let words): "\(Self.times), or \(words.joined(separator: ", "))"
        }
    }

    private static let times = "a time such as 500ms, 5s or 15m"

    func takes(_ text: String) -> Bool {
        let isTime = StrategyParameters.milliseconds(text) != nil
        return switch kind {
        case .choice(let words): words.contains(text)
        case .time: isTime
        case .timeOr(let words): isTime || words.contains(text)
        }
    }
}

/// What a variant of a strategy sets, by name; a policy has them, so that they reach whatever follows it.
public struct StrategyParameters: Sendable, Equatable {
    /// As somebody typed them, in their order.
    private var given: [(name: String, value: String)] = []
    /// What somebody calls the variant, where that is no list of what it sets.
    package let name: String?

    public init() { name = nil }

    /// Sets anything, under a name of its own.
    package init(named name: String, _ given: [(name: String, value: String)]) {
        (self.name, self.given) = (name, given)
    }

    /// What a parameter is set to; `nil` where nothing was typed.
    public subscript(name: String) -> String? { given.first { $0.name == name }?.value }

    /// Whether a request passes that nobody can be asked about.
    public var acceptsOnFailure: Bool { self["on-failure"] == "accept" }

    /// A time that is set, in milliseconds; `nil` where none was typed.
    public func time_ms(_ name: String) -> Int64? { self[name].flatMap(Self.milliseconds) }

    /// How often a new key signs, in milliseconds; `nil` for one key.
    public var rotation_ms: Int64? { time_ms("rotate").flatMap { $0 > 0 ? $0 : nil } }

    /// What stands behind the strategy's own identifier: `@bits=3072`, or nothing.
    public var suffix: String {
        given.isEmpty || name != nil
            ? "" : "@" + given.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.suffix == right.suffix && left.name == right.name
    }

    /// What the identifier of a variant sets, `2048` for `bits` in `rs256-jwt@bits=2048`; `nil` where it sets nothing.
    package static func value(of name: String, in identifier: String) -> String? {
        let settings = identifier.split(separator: "@", maxSplits: 1).dropFirst().joined()
        return settings.split(separator: ",").first { $0.hasPrefix("\(name)=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    /// Reads `bits=3072,cache=5s`.
    ///
    /// - Parameters:
    ///   - text: what stands behind the @.
    ///   - strategy: whose parameters they must be.
    /// - Throws: `UnknownStrategyError` for a name or value that the strategy does not have.
    init(_ text: some StringProtocol, of strategy: StrategyDescriptor) throws(UnknownStrategyError) {
        let known = strategy.parameters
        name = nil
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = String(part).split(
                separator: Character("="), maxSplits: 1, omittingEmptySubsequences: false
            )
            .map(String.init)
            guard pair.count == 2, let parameter = known.first(where: { $0.name == pair[0] }) else {
                let names = known.map { "\($0.name)=…" }.joined(separator: ", ")
                throw UnknownStrategyError(
                    "strategy \(strategy.id)@\(text): "
                        + (known.isEmpty ? "it has no parameters" : "its parameters are \(names)"))
            }
            guard parameter.takes(pair[1]), self[pair[0]] == nil else {
                throw UnknownStrategyError(
                    "strategy \(strategy.id)@\(text): \(pair[0]) is \(parameter.values), once")
            }
            given.append((pair[0], pair[1]))
        }
        for parameter in known where self[parameter.name] != nil {
            guard let needed = parameter.needs, !sets(needed) else { continue }
            throw UnknownStrategyError(
                "strategy \(strategy.id)@\(text): \(parameter.name) sets nothing without \(Self.spelled(needed))"
            )
        }
        for (one, other) in known.flatMap(\.conflicts) where sets(one) && sets(other) {
            throw UnknownStrategyError(
                "strategy \(strategy.id)@\(text): \(Self.spelled(one)) does not go with \(Self.spelled(other))"
            )
        }
    }

    private static func spelled(_ setting: String) -> String {
        setting.contains("=") ? setting : "\(setting)=…"
    }

    private func sets(_ needed: String) -> Bool {
        let pair = needed.split(separator: "=", maxSplits: 1).map(String.init)
        return pair.count == 2 ? self[pair[0]] == pair[1] : self[needed] != nil
    }

    /// Reads a time; `nil` for anything else, and for more than a year.
    package static func milliseconds(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        let units: [(String, Int64)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
            case let digits = text.dropLast(unit.utf8.count), !digits.isEmpty, digits.utf8.count <= 9,
            digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int64(digits),
            number * factor <= 366 * 86_400_000
        else { return nil }
        return number * factor
    }
}

/// A strategy with what is set of it: what is measured under one identifier.
public struct StrategyChoice: Sendable {
    public let type: any (AuthStrategy & ~Copyable).Type
    public let parameters: StrategyParameters

    public init(
        _ type: any (AuthStrategy & ~Copyable).Type, _ parameters: StrategyParameters = StrategyParameters()
    ) {
        (self.type, self.parameters) = (type.variant(with: parameters), parameters)
    }

    /// With the identifier as it was typed.
    public var descriptor: StrategyDescriptor { type.descriptor(with: parameters) }

    /// The identifier of the same strategy with one more parameter, as somebody would type it.
    package func identifier(setting name: String, to value: String) -> String {
        let id = descriptor.id
        return "\(id)\(id.contains("@") ? "," : "@")\(name)=\(value)"
    }

    /// Whether the strategy has such a parameter.
    package func takes(_ name: String) -> Bool { descriptor.parameters.contains { $0.name == name } }

    /// The policy with what is set.
    public func policy(_ policy: Policy) -> Policy {
        var policy = policy
        policy.parameters = parameters
        return policy
    }

    /// The environment with that policy, and a place of its own for a variant: two of one strategy may be measured in turns.
    public func environment(_ environment: Environment) -> Environment {
        var environment = environment
        environment.policy = policy(environment.policy)
        let suffix = parameters.suffix
        guard !suffix.isEmpty else { return environment }
        let number = suffix.utf8.reduce(5381 as UInt32) { $0 &* 33 &+ UInt32($1) }
        environment.sqlite.path += suffix
        environment.redis?.keyPrefix += "\(number):"
        environment.redisCluster?.keyPrefix += "\(number):"
        environment.postgres?.schema += "_\(number)"
        environment.authority?.url += "-\(number)"
        return environment
    }

    /// Finds the strategies that names stand for.
    ///
    /// - Parameters:
    ///   - names: as somebody typed them: an identifier, the beginning of one, or a set; behind an identifier `@` and what is set.
    ///   - strategies: those to choose from.
    /// - Returns: each once, in the order of `strategies`, variants in theirs; the card where no name is given.
    /// - Throws: `UnknownStrategyError` when a name fits none, or several, or sets what there is not.
    package static func named(
        _ names: [String], among strategies: StrategyRegistry
    ) throws(UnknownStrategyError) -> [Self] {
        let candidates = strategies.map { one -> StrategyNames.Candidate in
            (one.descriptor.id, StrategySet.of(one.descriptor).map(\.rawValue))
        }
        let wanted = try StrategyNames.identifiers(names, among: candidates)
        var found: [Self] = []
        for strategy in strategies {
            let descriptor = strategy.descriptor
            for name in wanted where name.split(separator: "@").first.map(String.init) == descriptor.id {
                let rest = name.dropFirst(descriptor.id.count)
                let choice = Self(
                    strategy,
                    rest.isEmpty
                        ? StrategyParameters() : try StrategyParameters(rest.dropFirst(), of: descriptor))
                if !found.contains(where: { $0.descriptor.id == choice.descriptor.id }) {
                    found.append(choice)
                }
            }
        }
        return found
    }
}

extension AuthStrategy where Self: ~Copyable {
    /// What a variant is.
    public static func descriptor(with parameters: StrategyParameters) -> StrategyDescriptor {
        var descriptor = describe(parameters)
        descriptor.id = parameters.name ?? descriptor.id + parameters.suffix
        descriptor.acceptsOnFailure = parameters.acceptsOnFailure
        return descriptor
    }

    /// What the variant is that a policy asks for.
    public static func descriptor(under policy: Policy) -> StrategyDescriptor {
        descriptor(with: policy.parameters)
    }
}
