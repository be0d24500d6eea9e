import AuthCore
import AuthText
import Backends
import Synchronization

/// An authorization server for opaque tokens: it keeps sessions in a store and answers about them over HTTP.
///
/// `introspect` is RFC 7662 and `revoke` RFC 7009; the other endpoints are authbench's own, and so is the parameter
/// `authbench_now`, because strategies never read a clock. Each realm has settings and sessions of its own:
/// `POST /REALM/ENDPOINT`. Every caller must authenticate as a client (RFC 7662 section 2.1).
package final class Authority: Sendable {
    /// How the clients of a realm are made.
    fileprivate struct Realm: Sendable {
        /// Another one for each time that the realm was prepared.
        var number: Int
        var client: @Sendable () throws -> any RealmClient
    }

    private struct State {
        var realms: [String: Realm] = [:]
        var prepared = 0
    }

    fileprivate let credentials: [UInt8]
    private let folder: AuthorityFolder
    private let servers: AuthorityServers
    private let state = Mutex(State())

    /// Takes up what an authority before it has left in the folder.
    ///
    /// - Parameters:
    ///   - folder: where it keeps what it keeps.
    ///   - caller: who alone may ask.
    ///   - servers: where those are that it may keep sessions in.
    package init(folder: AuthorityFolder, caller: AuthorityCaller, servers: AuthorityServers) {
        (self.folder, self.servers) = (folder, servers)
        credentials = Array(caller.basicText.utf8)
        for realm in folder.realms() {
            state.withLock { $0.prepared = max($0.prepared, realm.number) }
            try? open(realm.name, realm.number, folder.settings(of: realm), isNew: false)
        }
    }

    /// What answers on one connection.
    package func handler() -> any HTTPHandler { AuthorityConnection(self) }

    fileprivate func realm(_ name: String) -> Realm? { state.withLock { $0.realms[name] } }

    /// Makes a realm anew and empty, with a database of its own: connections to the one before may not be quite over.
    fileprivate func prepare(_ name: String, _ settings: [UInt8]) throws {
        let number = state.withLock { state in
            state.prepared += 1
            return state.prepared
        }
        let before = realm(name)?.number
        try open(name, number, settings, isNew: true)
        try folder.save(settings, of: (name, number))
        if let before { folder.remove((name, before)) }
    }

    private func open(_ name: String, _ number: Int, _ text: [UInt8], isNew: Bool) throws {
        let settings = try RealmSettings(
            text.span, number, databasePath: folder.databasePath(of: (name, number)), servers)
        let realm =
            switch settings.store {
            case .sqlite: try realm(SQLiteSessionStore.self, number, settings, isNew ? nil : ())
            case .memory: try realm(MemorySessionStore.self, number, settings, nil)
            case .redis: try realm(RedisSessionStore.self, number, settings, isNew ? nil : ())
            case .postgres: try realm(PostgreSQLSessionStore.self, number, settings, isNew ? nil : ())
            }
        state.withLock { $0.realms[name] = realm }
    }

    /// Makes the store of a realm; `common` is what its clients share, where it is there already.
    private func realm<Store: ScopedSessionStore & ~Copyable>(
        _: Store.Type, _ number: Int, _ settings: RealmSettings, _ common: Store.Common?
    ) throws -> Realm {
        let environment = settings.environment
        let shared = Session<Store>.Shared(
            environment: environment, common: try common ?? Store.prepare(in: environment))
        return Realm(number: number) {
            SessionRealmClient(
                try Session<Store>(sharing: shared), clientID: environment.policy.clientID,
                idle_s: environment.policy.lifetimes.idle_ms / 1000)
        }
    }
}

/// Where an authority keeps the sessions of a realm.
enum AuthorityStore: String, CaseIterable {
    case sqlite
    /// Gone when the authority is.
    case memory
    case redis
    case postgres

    /// The authority, and a server that it asks itself.
    var stores: Set<Store> {
        switch self {
        case .sqlite, .memory: [.authority]
        case .redis: [.authority, .redis]
        case .postgres: [.authority, .postgres]
        }
    }

    init(_ parameters: StrategyParameters) {
        self = parameters["store"].flatMap { Self(rawValue: $0) } ?? .sqlite
    }
}

/// What a realm is told when it is prepared.
struct RealmSettings {
    let store: AuthorityStore
    let environment: Environment

    /// Writes what follows from an environment.
    static func write(_ environment: Environment, to form: inout Form) {
        let (policy, sqlite) = (environment.policy, environment.sqlite)
        form.begin()
        form.append("store", AuthorityStore(policy.parameters).rawValue)
        form.append("scope", policy.grantedScope)
        form.append("client_id", policy.clientID)
        form.append("idle_ms", policy.lifetimes.idle_ms)
        form.append("absolute_ms", policy.lifetimes.absolute_ms)
        if let interval_ms = policy.touch.interval_ms { form.append("touch_ms", interval_ms) }
        form.append("sweep_interval_ms", policy.sweepInterval_ms)
        form.append("sqlite_synchronous", sqlite.synchronous.rawValue)
        form.append("sqlite_mmap_bytes", sqlite.mmap_bytes)
        form.append("sqlite_log_limit_bytes", sqlite.logLimit_bytes)
        if let redis = environment.redis { form.append("redis_prefix", redis.keyPrefix) }
        if let postgres = environment.postgres { form.append("postgres_schema", postgres.schema) }
    }

    /// - Parameters:
    ///   - form: what `write` has written.
    ///   - number: that of the realm, so that one prepared anew is empty in Redis too.
    ///   - databasePath: where SQLite has its file.
    ///   - servers: where the others are.
    /// - Throws: `Form.FormError` for what `write` does not write.
    init(
        _ form: Span<UInt8>, _ number: Int, databasePath: String, _ servers: AuthorityServers
    ) throws {
        guard let store = try Form.text("store", in: form).flatMap({ AuthorityStore(rawValue: $0) }),
            let scope = try Form.text("scope", in: form), scope.isScope,
            let clientID = try Form.text("client_id", in: form), clientID.isScope,
            let idle_ms = try Form.number("idle_ms", in: form, Int64.self), idle_ms > 0,
            let absolute_ms = try Form.number("absolute_ms", in: form, Int64.self), absolute_ms > 0,
            let sweep_ms = try Form.number("sweep_interval_ms", in: form, Int64.self),
            let synchronous = try Form.text("sqlite_synchronous", in: form)
                .flatMap({ SQLiteSettings.Synchronous(rawValue: $0) }),
            let mmap_bytes = try Form.number("sqlite_mmap_bytes", in: form, Int64.self),
            let limit_bytes = try Form.number("sqlite_log_limit_bytes", in: form, Int64.self)
        else { throw Form.FormError() }
        var policy = Policy()
        (policy.grantedScope, policy.clientID) = (scope, clientID)
        (policy.lifetimes.idle_ms, policy.lifetimes.absolute_ms) = (idle_ms, absolute_ms)
        policy.touch =
            switch try Form.number("touch_ms", in: form, Int64.self) {
            case nil: .never
            case 0?: .always
            case let interval_ms?: .interval(milliseconds: interval_ms)
            }
        policy.sweepInterval_ms = sweep_ms
        var sqlite = SQLiteSettings(path: databasePath, synchronous: synchronous, mmap_bytes: mmap_bytes)
        sqlite.logLimit_bytes = limit_bytes
        let prefix = try Form.text("redis_prefix", in: form)
        let schema = try Form.text("postgres_schema", in: form)
        self.store = store
        environment = Environment(
            policy: policy, sqlite: sqlite,
            redis: servers.redisURL.flatMap { url in
                prefix.map { RedisSettings(url: url, keyPrefix: "\($0)\(number):") }
            },
            postgres: servers.postgresURL.flatMap { url in
                schema.map { PostgreSQLSettings(url: url, schema: $0) }
            })
    }
}

/// One connection to an authority, with clients of the stores of the realms that it asks.
private struct AuthorityConnection: HTTPHandler {
    private let authority: Authority
    private var clients: [String: (number: Int, client: any RealmClient)] = [:]
    /// The target asked for last, taken apart: most connections ask for one again and again.
    private var target: (text: [UInt8], realm: String, endpoint: AuthorityEndpoint)?

    init(_ authority: Authority) { self.authority = authority }

    mutating func answer(_ request: borrowing HTTPMessage, with response: inout HTTPResponse) {
        let credentials = authority.credentials
        let isKnown =
            request.withField("authorization") { constantTimeEquals($0, credentials.span) } ?? false
        guard isKnown else {
            response.fields.append("WWW-Authenticate: Basic realm=\"authbench\"\r\n")
            return response.refuse(401, "invalid_client")
        }
        guard request.isPost else {
            response.fields.append("Allow: POST\r\n")
            return response.refuse(405, "invalid_request")
        }
        guard request.isOfType("application/x-www-form-urlencoded") else {
            return response.refuse(415, "invalid_request")
        }
        do {
            guard let (realm, endpoint) = request.withTarget({ place($0) }) else {
                return response.refuse(404, "invalid_request")
            }
            if endpoint == .prepare {
                return try authority.prepare(
                    realm, request.withBody { body in body.indices.map { body[$0] } })
            }
            guard let client = try client(realm) else { return response.refuse(404, "invalid_request") }
            try request.withBody { (body) throws in try client.answer(endpoint, body, &response) }
        } catch {
            response.body.removeAll(keepingCapacity: true)
            switch error {
            case is Form.FormError, is MissingParameterError: response.refuse(400, "invalid_request")
            default: response.refuse(isStoreOutage(error) ? 503 : 500, "\(error)")
            }
        }
    }

    private mutating func place(_ text: Span<UInt8>) -> (String, AuthorityEndpoint)? {
        if let target, target.text.span.elementsEqual(text) { return (target.realm, target.endpoint) }
        let bytes = text.indices.map { text[$0] }
        let parts = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, 1...100 ~= parts[0].count, parts[0].allSatisfy(Self.isOfName),
            let endpoint = AuthorityEndpoint(rawValue: String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        let realm = String(decoding: parts[0], as: UTF8.self)
        target = (bytes, realm, endpoint)
        return (realm, endpoint)
    }

    /// What may stand in the name of a file, too.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private mutating func client(_ name: String) throws -> (any RealmClient)? {
        guard let realm = authority.realm(name) else { return nil }
        if let known = clients[name], known.number == realm.number { return known.client }
        let client = try realm.client()
        clients[name] = (realm.number, client)
        return client
    }
}

extension HTTPResponse {
    /// An error as RFC 6749 section 5.2 writes it.
    fileprivate mutating func refuse(_ status: Int, _ error: String) {
        self.status = status
        body.append("{\"error\":\"")
        for byte in error.utf8 {
            body.append(byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 0x20 : byte)
        }
        body.append("\"}")
    }
}
