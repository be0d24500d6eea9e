import AuthCore
import Backends
import Synchronization

/// Copies of sessions in the memory of one server.
///
/// Only sessions that exist are copied, and a copy never lives longer than its session.
struct SessionCopies: Sendable {
    struct Copy {
        var record: SessionRecord
        var data: [UInt8]
        var isGranted: Bool
    }

    private struct Entry {
        var record: SessionRecord
        var data: [UInt8]
        var asOf: Instant
        /// What was asked of it, and whether it grants that.
        var grants: [(scope: Scope, isGranted: Bool)]
    }

    /// Beyond so many, all go: it is a cache.
    private static let most = 100_000

    private var entries: [SessionName: Entry] = [:]
    /// From the names that renewals here replaced: a sign-out may cross one.
    private var successors: [SessionName: SessionName] = [:]
    /// How often something was forgotten: what was read from the store before that may be out of date.
    private(set) var losses: UInt64 = 0

    /// Looks for a copy that answers what is asked.
    ///
    /// - Parameters:
    ///   - name: the session's.
    ///   - scope: what is asked.
    ///   - now: the moment.
    ///   - lifetime_ms: how old it may be; `nil` for any age.
    /// - Returns: what it says; `nil` also for a session that has expired by what the copy knows: others may have used it since.
    func copy(_ name: SessionName, requiring scope: Scope, at now: Instant, lifetime_ms: Int64?) -> Copy? {
        guard let entry = entries[name], !entry.record.isExpired(at: now),
            let grant = entry.grants.first(where: { $0.scope == scope })
        else { return nil }
        // A clock that was set back says nothing about its age.
        if let lifetime_ms, !(0..<lifetime_ms ~= now.milliseconds(since: entry.asOf)) { return nil }
        return Copy(record: entry.record, data: entry.data, isGranted: grant.isGranted)
    }

    /// Keeps what was read, unless something was forgotten since: another request may have ended just that session.
    mutating func keep(
        _ copy: Copy, as name: SessionName, requiring scope: Scope, at now: Instant, losses: UInt64,
        addsGrants: Bool
    ) {
        guard losses == self.losses else { return }
        var grants = [(scope: scope, isGranted: copy.isGranted)]
        if addsGrants, let old = entries[name] { grants += old.grants.filter { $0.scope != scope } }
        if entries.count >= Self.most { entries.removeAll(keepingCapacity: true) }
        entries[name] = Entry(record: copy.record, data: copy.data, asOf: now, grants: grants)
    }

    mutating func touch(_ name: SessionName, _ record: SessionRecord) { entries[name]?.record = record }

    mutating func rename(_ old: SessionName, to new: SessionName) {
        forget(old)
        if successors.count >= Self.most { successors.removeAll(keepingCapacity: true) }
        successors[old] = new
    }

    /// Forgets a session, also under the name that took its place.
    mutating func end(_ name: SessionName) {
        forget(name)
        if let successor = successors.removeValue(forKey: name) { forget(successor) }
    }

    mutating func forget(_ name: SessionName) {
        entries[name] = nil
        losses &+= 1
    }

    mutating func forget(_ subject: Subject) {
        entries = entries.filter { $0.value.record.subject != subject }
        losses &+= 1
    }

    mutating func forgetAll() {
        entries.removeAll(keepingCapacity: true)
        losses &+= 1
    }
}

/// A server that verifies, as far as its memory goes: the clients whose requests reach it share its copies.
final class SessionNode: Sendable {
    let copies = Mutex(SessionCopies())
}

/// The servers behind a load balancer; none where each client stands for a server of its own.
final class SessionNodes: Sendable {
    private let nodes: [SessionNode]
    private let isSticky: Bool
    private let clients = Atomic(UInt64(0))
    /// Any number: the same run draws the same servers.
    private static let seed: UInt64 = 20

    static let parameters = [
        StrategyParameter(
            "nodes", .choice(["client", "1", "2", "4", "8", "16"]), standard: "client",
            "how many servers with a cache all clients share, or that each client is one",
            needs: "cache", conflicts: [("nodes", "cache=\(SessionCache.tracking)")]),
        StrategyParameter(
            "routing", .choice(["sticky", "random"]), standard: "sticky",
            "which server gets a request: that of its session, or any", needs: "nodes"),
    ]

    /// How many there are; `nil` where each client stands for one.
    static func count(_ parameters: StrategyParameters) -> Int? { parameters["nodes"].flatMap { Int($0) } }

    init(_ parameters: StrategyParameters) {
        nodes = (0..<(Self.count(parameters) ?? 0)).map { _ in SessionNode() }
        isSticky = parameters["routing"] != "random"
    }

    /// The way of one client's requests.
    func router() -> Router {
        let client = clients.add(1, ordering: .relaxed).oldValue
        return Router(
            nodes: nodes.isEmpty ? [SessionNode()] : nodes, isSticky: isSticky,
            random: RandomSource(seed: Self.seed, stream: client))
    }

    /// Chooses the server of each request of one client.
    struct Router {
        let nodes: [SessionNode]
        fileprivate let isSticky: Bool
        fileprivate var random: RandomSource

        /// By the cookie, as a balancer that hashes it does, or drawn.
        mutating func node(of name: SessionName) -> SessionNode {
            nodes[
                isSticky ? Int(name.words.0 % UInt64(nodes.count)) : random.below(nodes.count)]
        }
    }
}
