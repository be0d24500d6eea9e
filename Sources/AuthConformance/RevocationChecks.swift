import AuthCore
import Backends
import Dispatch
import Synchronization

/// How a requirement on lists and epochs is tried.
enum RevocationCheck {
    case lifetime, names, epoch, storeAway, oneUse
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: RevocationCheck) throws {
        switch check {
        case .lifetime: try checkEntryLifetime()
        case .names: try checkEntryNames()
        case .epoch: try checkEpoch()
        case .storeAway: try checkStoreAway()
        case .oneUse: try checkOneUse()
        }
    }

    /// REV-01: by the clock of the requests, and in Redis by the server's own, which no request moves.
    private mutating func checkEntryLifetime() throws {
        let before = try redisKeys()
        let credential = try here.login(alice, at: start)
        let issued = try redisKeys()
        let life_ms = S.lifetime(under: environment.policy).longest_ms
        try mustLogOut(credential, at: start)
        for share in Int64(0)...3 {
            let now = start.advanced(byMilliseconds: life_ms * share / 4)
            try mustRefuseEnded(
                credential.headerLine, "a revoked token at \(share)/4 of its life", by: .there, at: now)
        }
        let end = start.advanced(byMilliseconds: life_ms - 1)
        try mustRefuse(credential.headerLine, "a revoked token a moment before its end", at: end)
        // What the logout has made is all that keeps the token out; what the login made may be gone with it.
        let entries = try redisKeys().subtracting(issued).subtracting(before)
        guard !entries.isEmpty, let redis = environment.redis, let endpoint = RedisEndpoint(url: redis.url)
        else { return }
        var connection = try RedisConnection(endpoint)
        for key in entries {
            var command = RedisCommand()
            command.begin(arguments: 2)
            command.append("PTTL")
            command.append(key)
            let left_ms = try connection.execute(command).integer ?? 0
            cases += 1
            // -1 is an entry that never goes; some milliseconds have passed since it was made.
            try require(
                left_ms == -1 || left_ms >= life_ms - 60_000,
                "an entry goes after \(left_ms) ms, and its token lives \(life_ms) ms")
        }
    }

    private func redisKeys() throws -> Set<[UInt8]> {
        guard promises.descriptor.stores.contains(.redis), let redis = environment.redis,
            let endpoint = RedisEndpoint(url: redis.url)
        else { return [] }
        var connection = try RedisConnection(endpoint)
        return try RedisKeys.list(under: redis.keyPrefix, on: &connection)
    }

    /// REV-02: another token is not meant, and the same `jti` is, whatever else a token says.
    private mutating func checkEntryNames() throws {
        let tokens = try (0..<3).map { _ in try here.login(alice, at: start) }
        try mustLogOut(tokens[0], at: start)
        try mustRefuseEnded(tokens[0].headerLine, "a revoked token", by: .there)
        for token in tokens.dropFirst() {
            try mustAccept(token.headerLine, "another token of the same user and second")
        }
        let corpus = try corpus(of: tokens[0])
        try mustRefuse(
            try corpus.signed(claims: corpus.genuine.claims(["client_id": "\"another\""])),
            "a token with the jti of a revoked one")
    }

    /// REV-04: before and after are told apart however short the time between.
    private mutating func checkEpoch() throws {
        var old = try (0..<3).map { _ in try here.login(alice, at: start) }
        let other = try here.login(bob, at: start)
        for round in 1...3 {
            try there.logoutEverywhere(alice, at: start)
            for token in old {
                try mustRefuseEnded(
                    token.headerLine, "a token from before a logout everywhere in the same moment",
                    by: .there,
                    after: .permissionChange)
                guard case .refused = try here.renew(token, at: start) else {
                    throw BreachError("a token from before a logout everywhere was renewed")
                }
            }
            let fresh = try here.login(alice, at: start)
            try mustAccept(fresh.headerLine, "a token from after logout everywhere number \(round)")
            old.append(fresh)
        }
        guard try here.authenticate(other, at: start) == .accepted(bob) else {
            throw BreachError("logout everywhere ended another user's token")
        }
    }
}

/// CRD-09: a credential that serves one request.
extension Trial where S: ~Copyable {
    fileprivate mutating func checkOneUse() throws {
        let credential = try here.login(alice, at: start)
        try mustAccept(credential.headerLine, "a credential that nobody has used")
        try mustRefuse(credential.headerLine, "a credential that was used")
        try mustRefuseThere(credential.headerLine, "a credential that was used", at: start)
        guard case .refused = try there.renew(credential, at: start) else {
            throw BreachError("a credential that was used is renewed")
        }
        let renewed = try here.login(alice, at: start)
        if case .renewed(let fresh) = try here.renew(renewed, at: start) {
            try mustRefuseThere(renewed.headerLine, "a credential that was exchanged", at: start)
            try mustAccept(fresh.headerLine, "the credential that took its place")
        }
        let clients = try (0..<32).map { _ in Mutexed(try Watched<S>(sharing: shared)) }
        for _ in 0..<8 { try race(try here.login(alice, at: start), among: clients) }
    }

    /// All present it at once, each over a connection of its own.
    private mutating func race(_ credential: Credential, among clients: [Mutexed<Watched<S>>]) throws {
        let (ready, begin, group) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchGroup()
        )
        let accepted = Atomic(0)
        let failure = Mutex<(any Error)?>(nil)
        let (owner, now) = (alice, start)
        for client in clients {
            DispatchQueue(label: "racer").async(group: group) {
                ready.signal()
                begin.wait()
                do {
                    let decision = try client.value.withLock { try $0.authenticate(credential, at: now) }
                    if decision == .accepted(owner) { accepted.add(1, ordering: .relaxed) }
                } catch { failure.withLock { $0 = error } }
            }
        }
        for _ in clients { ready.wait() }
        for _ in clients { begin.signal() }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw fault("an error in the race", error) }
        let count = accepted.load(ordering: .relaxed)
        try require(
            count == 1, "of \(clients.count) who presented a credential at once, \(count) were let in")
    }
}
