import AuthCore
import Backends

/// How a requirement on lists and epochs is tried.
enum RevocationCheck {
    case lifetime, names, epoch, storeAway
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: RevocationCheck) throws {
        switch check {
        case .lifetime: try checkEntryLifetime()
        case .names: try checkEntryNames()
        case .epoch: try checkEpoch()
        case .storeAway: try checkStoreAway()
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
