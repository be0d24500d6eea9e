import HotPaths
import CBare
import Contest

/// The bare calls of OpenSSL as contestants.
public enum Bare {
    /// HMAC-SHA256 of each message in turn.
    public static func hmac(key: [UInt8], of messages: Messages) throws -> Contestant {
        guard let hmac = bare_hmac_new(key, key.count) else { throw NotReadyError(name: "HMAC") }
        return Contestant("bare HMAC") { first, count in
            bare_hmac_run(hmac, messages.bytes, messages.offsets, messages.count, first, count)
        }
    }

    /// Verifies signatures of digests in turn.
    ///
    /// - Parameters:
    ///   - publicKey: DER, RSA 2048.
    ///   - digests: 32 bytes each, end to end.
    ///   - signatures: 256 bytes each, end to end.
    /// - Returns: the contestant.
    /// - Throws: when OpenSSL does not take the key.
    public static func verify(publicKey: [UInt8], digests: [UInt8], signatures: [UInt8]) throws -> Contestant
    {
        guard let rsa = bare_rsa_verifier(publicKey, publicKey.count) else {
            throw NotReadyError(name: "RSA")
        }
        return Contestant("bare RSA verify") { first, count in
            bare_rsa_verify(rsa, digests, signatures, digests.count / 32, first, count)
        }
    }

    /// Verifies signatures of one algorithm in turn, as OpenSSL takes them.
    ///
    /// - Parameters:
    ///   - tokens: with the strategy's key.
    ///   - kind: the algorithm.
    /// - Returns: the contestant.
    /// - Throws: when OpenSSL does not take the key.
    public static func verify(_ tokens: SignedTokens, _ kind: bare_signature) throws -> Contestant {
        guard let verifier = bare_verifier_new(kind, tokens.publicKey, tokens.publicKey.count) else {
            throw NotReadyError(name: "the key")
        }
        let messages = Messages(kind == BARE_ED25519 ? tokens.signingInputs : tokens.digests)
        let signatures = Messages(kind == BARE_ES256 ? tokens.signatures.map(der) : tokens.signatures)
        return Contestant("bare verify") { first, count in
            bare_verify(
                verifier, messages.bytes, messages.offsets, signatures.bytes, signatures.offsets,
                messages.count, first, count)
        }
    }

    /// The form that OpenSSL takes, of r and s end to end.
    private static func der(_ raw: [UInt8]) -> [UInt8] {
        var der = [UInt8](repeating: 0, count: raw.count + 8)
        let count = bare_ecdsa_der(raw, raw.count, &der)
        return Array(der.prefix(count))
    }

    /// Reads sessions from PostgreSQL, so many clients at once.
    public static func preparedRead(url: String, schema: String, clients: Int) throws -> Contestant {
        guard let postgres = bare_postgres_open(url, schema, clients) else {
            throw NotReadyError(name: "libpq")
        }
        return shared("bare PQexecPrepared", among: clients) { bare_postgres_run(postgres, $0, $1) }
    }

    /// Signs digests of 32 bytes each in turn.
    public static func sign(privateKey: [UInt8], digests: [UInt8]) throws -> Contestant {
        guard let rsa = bare_rsa_signer(privateKey, privateKey.count) else {
            throw NotReadyError(name: "RSA")
        }
        return Contestant("bare RSA sign") { first, count in
            bare_rsa_sign(rsa, digests, digests.count / 32, first, count)
        }
    }

    /// Reads sessions, so many clients at once.
    public static func pointRead(path: String, clients: Int) throws -> Contestant {
        guard let sqlite = bare_sqlite_open(path, clients) else { throw NotReadyError(name: "SQLite") }
        return shared("bare point read", among: clients) { bare_sqlite_run(sqlite, $0, $1) }
    }

    /// Asks Redis for sessions, so many clients at once.
    public static func get(socket: String, prefix: String, clients: Int) throws -> Contestant {
        guard let redis = bare_redis_open(socket, prefix, clients) else {
            throw NotReadyError(name: "hiredis")
        }
        return shared("bare GET", among: clients) { bare_redis_run(redis, $0, $1) }
    }

    private static func shared(
        _ name: String, among clients: Int, _ run: @escaping (Int, UnsafeMutablePointer<UInt64>) -> Int
    ) -> Contestant {
        Contestant { count in
            let share = (count - 1) / clients + 1
            var wall_ns: UInt64 = 0
            let right = run(share, &wall_ns)
            guard right == share * clients else {
                throw Wrong(name: name, wrong: share * clients - right, count: share * clients)
            }
            return wall_ns
        }
    }
}

/// A peer that could not be set up.
struct NotReadyError: Error, CustomStringConvertible {
    var name: String
    var description: String { "\(name) could not be set up" }
}
