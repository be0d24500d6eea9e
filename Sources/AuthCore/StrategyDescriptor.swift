/// What a strategy is, for lists, tables and the checks that depend on its kind.
public struct StrategyDescriptor: Sendable {
    /// The identifier used on the command line and in every CSV row.
    public var id: String
    /// One phrase that says what `authenticate` does.
    public var title: String
    public var transport: Transport
    public var revocation: RevocationPromise
    public var stores: Set<Store>

    public init(
        id: String, title: String, transport: Transport, revocation: RevocationPromise,
        stores: Set<Store> = []
    ) {
        self.id = id
        self.title = title
        self.transport = transport
        self.revocation = revocation
        self.stores = stores
    }
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
