import Backends

/// The cryptography of a request as the strategies call it, without anything around it.
public enum CryptoKernels {
    /// HMAC-SHA256 of each message in turn.
    public static func hmac(key: [UInt8], of messages: Messages) -> Kernel {
        let mac = Owned(HMACSHA256(key: key))
        let expected = firstBytes(messages) { mac.value.code(for: $0) }
        return Kernel("HMAC-SHA256") { range in
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
    public static func sha256(of messages: Messages) -> Kernel {
        let hasher = Owned(SHA256())
        let expected = firstBytes(messages) { hasher.value.digest($0) }
        return Kernel("SHA-256") { range in
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
