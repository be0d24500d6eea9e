import AuthCore
import AuthStrategies
import AuthText
import Backends

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
