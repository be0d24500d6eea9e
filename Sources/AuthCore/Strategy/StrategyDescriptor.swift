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
    /// Why requirements of the checklist ask nothing of it, in its own words, by their identifiers.
    ///
    /// Words, no way out: what `authbench conform` can try of its promises is tried all the same.
    public var exemptions: [String: String]

    public init(
        id: String, title: String, transport: Transport, revocation: RevocationPromise,
        stores: Set<Store> = [], credential: CredentialNature? = nil, keepsSessions: Bool? = nil,
        exemptions: [String: String] = [:]
    ) {
        self.id = id
        self.title = title
        self.transport = transport
        self.revocation = revocation
        self.stores = stores
        self.credential = credential
        self.keepsSessions = keepsSessions ?? (revocation == .immediate)
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
public enum RevocationPromise: String, Sendable {
    /// The next request is refused, on any connection.
    case immediate
    /// The credential is accepted until it expires: counted as a stale accept, not as a wrong decision.
    case atExpiry = "at-expiry"
}

/// A store that must be up before a strategy can be prepared.
public enum Store: String, Sendable {
    case sqlite
    case redis
}

/// An error by which a strategy says that its own store did not answer, not that it could not decide by its own fault.
///
/// Errors of the built-in SQLite and Redis connections need no such mark.
public protocol StoreOutageError: Error {}

/// The names by which strategies are chosen: whole, or a beginning that fits one only.
package enum StrategyNames {
    /// Finds the identifiers that names stand for.
    ///
    /// - Parameters:
    ///   - names: as somebody typed them.
    ///   - ids: those to choose from.
    /// - Returns: one identifier for each name, in their order.
    /// - Throws: `UnknownStrategyError` when a name fits none of them, or several.
    package static func identifiers(
        _ names: [String], among ids: [String]
    ) throws(UnknownStrategyError) -> [String] {
        var found: [String] = []
        for name in names {
            let fitting = ids.contains(name) ? [name] : ids.filter { !name.isEmpty && $0.hasPrefix(name) }
            guard fitting.count == 1 else {
                throw UnknownStrategyError(name: name, isAmbiguous: !fitting.isEmpty, ids: ids)
            }
            found.append(fitting[0])
        }
        return found
    }
}

/// A name that fits no strategy, or several.
package struct UnknownStrategyError: Error, CustomStringConvertible {
    var name: String
    var isAmbiguous: Bool
    var ids: [String]

    package var description: String {
        "\(isAmbiguous ? "ambiguous" : "unknown") strategy \"\(name)\": choose \(ids.joined(separator: ", "))"
    }
}
