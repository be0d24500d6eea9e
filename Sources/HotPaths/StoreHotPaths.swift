import AuthCore
import AuthStrategies
import AuthText
import Backends

/// The one question that a session strategy asks its store, without the strategy.
public enum StoreHotPaths {
    /// Reads one session after the other by its identifier.
    public static func sqlitePointRead(path: String, tokens: [[UInt8]]) throws -> HotPath {
        let statement = Owned(
            try SQLitePragmas.connect(path: path, synchronous: "normal")
                .prepare("SELECT user_id, idle_expires_at FROM sessions WHERE id = ?1"))
        var hasher = SHA256()
        let ids = tokens.map { hasher.digest($0.span) }
        return HotPath("SQLite point read") { range in
            func loop(_ statement: inout SQLiteStatement) throws -> Int {
                var right = 0
                for index in range {
                    try statement.bind(blob: ids[index % ids.count].span, at: 1)
                    if try statement.step(), statement.integer(0) > 0 { right += 1 }
                    statement.reset()
                }
                return right
            }
            return try loop(&statement.value)
        }
    }

    /// Inserts sessions, each in a transaction of its own.
    public static func sqliteInsert(path: String) throws -> HotPath {
        let statement = Owned(
            try SQLitePragmas.connect(path: path, synchronous: "normal").prepare(
                """
                INSERT INTO sessions (id, user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope)
                VALUES (randomblob(32), ?1, 1, 1, 2, 2, 'read')
                """))
        return HotPath("SQLite insert") { range in
            func loop(_ statement: inout SQLiteStatement) throws -> Int {
                for index in range {
                    try statement.bind(Int64(index), at: 1)
                    try statement.run()
                }
                return range.count
            }
            return try loop(&statement.value)
        }
    }

    /// Sends one `GET` after the other and waits for its reply.
    public static func redisRoundTrip(_ settings: RedisSettings, tokens: [[UInt8]]) throws -> HotPath {
        guard let endpoint = RedisEndpoint(url: settings.url) else {
            throw UnknownAddressError(url: settings.url)
        }
        let connection = Owned(try RedisConnection(endpoint))
        var hasher = SHA256()
        let prefix = Array("\(settings.keyPrefix)s:".utf8)
        let ids = tokens.map { hasher.digest($0.span) }
        return HotPath("Redis round trip") { range in
            func loop(_ connection: inout RedisConnection) throws -> Int {
                var (right, command) = (0, RedisCommand())
                for index in range {
                    command.begin(arguments: 2)
                    command.append("GET")
                    command.append(prefix, ids[index % ids.count].span)
                    if try !connection.execute(command).isNil { right += 1 }
                }
                return right
            }
            return try loop(&connection.value)
        }
    }
}

/// Settings that name no Redis server.
struct UnknownAddressError: Error, CustomStringConvertible {
    var url: String
    var description: String { "\(url) is no Redis address" }
}

/// The cryptography of a request as the strategies call it, without anything around it.
public enum CryptoHotPaths {
    /// HMAC-SHA256 of each message in turn.
    public static func hmac(key: [UInt8], of messages: Messages) -> HotPath {
        let mac = Owned(HMACSHA256(key: key))
        let expected = firstBytes(messages) { mac.value.code(for: $0) }
        return HotPath("HMAC-SHA256") { range in
            func loop(_ mac: inout HMACSHA256) -> Int {
                messages.count(range) { mac.code(for: $1)[0] == expected[$0] }
            }
            return loop(&mac.value)
        }
    }

    /// SHA-256 of one message.
    public static func sha256(_ message: [UInt8]) -> [UInt8] {
        var hasher = SHA256()
        let digest = hasher.digest(message.span)
        return digest.indices.map { digest[$0] }
    }

    /// SHA-256 of each message in turn.
    public static func sha256(of messages: Messages) -> HotPath {
        let hasher = Owned(SHA256())
        let expected = firstBytes(messages) { hasher.value.digest($0) }
        return HotPath("SHA-256") { range in
            func loop(_ hasher: inout SHA256) -> Int {
                messages.count(range) { hasher.digest($1)[0] == expected[$0] }
            }
            return loop(&hasher.value)
        }
    }

    private static func firstBytes(_ messages: Messages, _ digest: (Span<UInt8>) -> Digest) -> [UInt8] {
        (0..<messages.count).map { digest(messages.bytes.span.extracting(messages.range($0)))[0] }
    }
}

/// A noncopyable value on the heap, so that a closure can keep it.
final class Owned<Value: ~Copyable> {
    var value: Value

    init(_ value: consuming Value) { self.value = value }
}

/// What is read and written between the bytes of a request and its decision.
public enum TextHotPaths {
    /// Encodes each message in turn into a buffer that is used again.
    public static func base64Encode(_ messages: Messages) -> HotPath {
        HotPath("base64url encode") { range in
            var text: [UInt8] = []
            return messages.count(range) { _, message in
                text.removeAll(keepingCapacity: true)
                Base64URL.append(message, to: &text)
                return text.count == Base64URL.encodedCount(message.count)
            }
        }
    }

    /// Decodes the text of each message in turn into a buffer that is used again.
    public static func base64Decode(_ texts: Messages) -> HotPath {
        HotPath("base64url decode") { range in
            var bytes = [UInt8](repeating: 0, count: 1 << 14)
            return texts.count(range) { _, text in
                Base64URLDecoding.decode(text, into: &bytes) == text.count * 3 / 4
            }
        }
    }

    /// Reads the claims of so many tokens in turn, as the JWT strategies issue them.
    public static func claimsReader(_ count: Int) throws -> HotPath {
        let reading = try AccessTokenReading(count: count, policy: Policy(), at: .traceStart)
        let payloads = Messages(reading.payloads)
        return HotPath("claims reader") { range in
            payloads.count(range) { reading.areClaimsRead($1, of: Subject(id: UInt64($0) + 1)) }
        }
    }

    /// Finds the parts of a bearer token in its header line, and checks its JOSE header.
    public static func headerParse(_ count: Int) throws -> HotPath {
        let reading = try AccessTokenReading(count: count, policy: Policy(), at: .traceStart)
        let lines = Messages(reading.headerLines)
        return HotPath("header parse") { range in lines.count(range) { reading.isHeaderRead($1) } }
    }
}
