/// What a strategy is, for lists, tables and the checks that depend on its kind.
public struct StrategyDescriptor: Sendable {
    /// The identifier used on the command line and in every CSV row.
    public var id: String
    /// One phrase that says what `authenticate` does.
    public var title: String
    public var transport: Transport
    public var revocation: RevocationPromise
    public var stores: Set<Store>
    /// What its credential is made of; `nil` for signed where `signOctets` signs, otherwise random.
    public var credential: CredentialNature?
    /// Whether it keeps sessions that it can list, renew and let go idle; unless said, where revocation is immediate.
    public var keepsSessions: Bool
    /// Whether logout everywhere ends all of a user at once; unless said, where revocation is immediate.
    public var endsAllAtOnce: Bool
    /// The server that it asks; an authority asks further ones itself.
    public var server: Store? { Store.allCases.last { $0.isServer && stores.contains($0) } }
    /// Whether the requests of one client reach several servers, so that the next one may not know what the last one ended.
    public var isRouted = false
    /// Whether it reads a replica of its server, which then must be up too.
    public var readsReplica = false
    /// Whether its store names what was ended, so that an empty one lets everything in again.
    public var listsEnded = false
    /// Whether enough is known of it to say in theory how long a credential still works after a logout.
    package var hasExposureTheory = true
    /// Whether it lets in what it cannot look up while its store is away, because it is set to (`on-failure=accept`).
    public var acceptsOnFailure = false
    /// Whether it is measured where none is named; the others of the field are there for whoever asks for them.
    public var isOnCard: Bool
    /// What a variant of it may set.
    public var parameters: [StrategyParameter]
    /// Why requirements of the checklist ask nothing of it, in its own words, by their identifiers.
    ///
    /// Words, no way out: what `authbench conform` can try of its promises is tried all the same.
    public var exemptions: [String: String]

    public init(
        id: String, title: String, transport: Transport, revocation: RevocationPromise,
        stores: Set<Store> = [], credential: CredentialNature? = nil, keepsSessions: Bool? = nil,
        endsAllAtOnce: Bool? = nil, isOnCard: Bool = true, parameters: [StrategyParameter] = [],
        exemptions: [String: String] = [:]
    ) {
        self.id = id
        self.title = title
        self.transport = transport
        self.revocation = revocation
        self.stores = stores
        self.credential = credential
        self.keepsSessions = keepsSessions ?? (revocation != .atExpiry)
        self.endsAllAtOnce = endsAllAtOnce ?? (revocation != .atExpiry)
        self.isOnCard = isOnCard
        self.parameters = parameters
        self.exemptions = exemptions
    }
}

/// What a credential is made of, so what can be wrong with one.
public enum CredentialNature: String, Sendable {
    /// An identifier that is looked up: nobody can guess it, and it says nothing itself.
    case random
    /// A text with a signature, which says itself whose it is and until when.
    case signed
}

/// What a strategy promises about a credential after its owner has logged out.
///
/// A client stands for a server of its own here: what it keeps, no other one sees.
public enum RevocationPromise: String, Sendable {
    /// The next request is refused, on any connection.
    case immediate
    /// Other servers are told, and refuse it within a hop; none accepts it when it has not heard of its store for `staleness_ms`.
    case pushed
    /// Other servers go by a copy that is at most `staleness_ms` old, on the strategy's clock.
    case cached
    /// The credential is accepted until it expires: counted as a stale accept, not as a wrong decision.
    case atExpiry = "at-expiry"
}

/// A store that must be up before a strategy can be prepared.
public enum Store: String, CaseIterable, Sendable {
    case sqlite
    case redis
    /// Several servers that share the keys of one store.
    case redisCluster = "redis-cluster"
    case postgres
    /// An authorization server that is asked about credentials over HTTP; the last, because it may have another behind it.
    case authority

    /// Whether it is a process of its own, which may be far away: its clients wait for answers.
    public var isServer: Bool { self != .sqlite }

    /// Whether a relay can stand before it: the nodes of a cluster tell clients themselves where to go.
    package var takesRelay: Bool { isServer && self != .redisCluster }
}

/// An error by which a strategy says that its own store did not answer, not that it could not decide by its own fault.
///
/// Errors of the built-in SQLite and Redis connections need no such mark.
public protocol StoreOutageError: Error {}

/// A set of strategies that has a name of its own.
package enum StrategySet: String, CaseIterable, Sendable {
    /// Those that are measured where none is named.
    case card
    /// Whose credential is looked up.
    case sessions
    /// Whose credential is signed, and good until it expires.
    case tokens
    /// Whose credential dies with its sign-out.
    case revocable
    case all

    /// The sets that a strategy is in.
    package static func of(_ strategy: StrategyDescriptor) -> [Self] {
        allCases.filter { set in
            switch set {
            case .card: strategy.isOnCard
            case .sessions: strategy.keepsSessions && strategy.credential != .signed
            case .tokens: strategy.credential == .signed && strategy.revocation == .atExpiry
            case .revocable: strategy.revocation != .atExpiry
            case .all: true
            }
        }
    }
}

/// The names by which strategies are chosen: whole, a beginning that fits one only, or that of a set.
package enum StrategyNames {
    /// A strategy by its identifier, and the names of the sets that it is in.
    package typealias Candidate = (id: String, sets: [String])

    /// Finds the identifiers that names stand for.
    ///
    /// - Parameters:
    ///   - names: as somebody typed them; what stands behind an @ is kept as it is.
    ///   - candidates: those to choose from.
    /// - Returns: the identifiers that each name stands for, in their order; those of the card where no name is given.
    /// - Throws: `UnknownStrategyError` when a name fits none of them, or several.
    package static func identifiers(
        _ names: [String], among candidates: [Candidate]
    ) throws(UnknownStrategyError) -> [String] {
        let ids = candidates.map(\.id)
        var found: [String] = []
        for name in names.isEmpty ? [StrategySet.card.rawValue] : names {
            if StrategySet(rawValue: name) != nil, !ids.contains(name) {
                found += candidates.filter { $0.sets.contains(name) }.map(\.id)
                continue
            }
            let own = String(name.prefix { $0 != "@" })
            let fitting = ids.contains(own) ? [own] : ids.filter { !own.isEmpty && $0.hasPrefix(own) }
            guard fitting.count == 1 else {
                let choices = (ids + StrategySet.allCases.map(\.rawValue)).joined(separator: ", ")
                throw UnknownStrategyError(
                    "\(fitting.isEmpty ? "unknown" : "ambiguous") strategy \"\(name)\": choose \(choices)")
            }
            found.append(fitting[0] + name.dropFirst(own.count))
        }
        return found
    }
}

/// A name that fits no strategy, or several, or sets what a strategy does not have.
package struct UnknownStrategyError: Error, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}
