import CAuthBenchOpenSSL

/// 32 bytes: a SHA-256 digest or an HMAC-SHA256.
public typealias Digest = InlineArray<32, UInt8>

/// SHA-256 (FIPS 180-4), with its state in the value itself; one per client.
///
/// OpenSSL's functions for this one algorithm are called, not those of `EVP`, which allocate a state for each copy and
/// go through three tables for each call. They are deprecated since OpenSSL 3.0 in favour of the general ones, and the
/// code behind both is the same (SHA256_Init(3)).
@safe package struct SHA256: ~Copyable {
    private var state = SHA256_CTX()

    package init() { _ = unsafe SHA256_Init(&state) }

    package mutating func digest(_ bytes: Span<UInt8>) -> Digest {
        start()
        update(bytes)
        return finish()
    }

    // These cannot fail: they return 1 whatever they are given.

    package mutating func start() { _ = unsafe SHA256_Init(&state) }

    package mutating func update(_ bytes: Span<UInt8>) {
        _ = unsafe bytes.withUnsafeBytes { unsafe SHA256_Update(&state, $0.baseAddress, $0.count) }
    }

    package mutating func finish() -> Digest {
        var digest = Digest(repeating: 0)
        var output = digest.mutableSpan
        _ = unsafe output.withUnsafeMutableBufferPointer { unsafe SHA256_Final($0.baseAddress, &state) }
        return digest
    }
}

extension SHA256 {
    /// The hash of bytes that are there as a whole.
    package static func hexadecimal(of bytes: [UInt8]) -> String {
        hexadecimal { take in take(bytes) }
    }

    /// The hash of all chunks that `feed` hands over.
    package static func hexadecimal(_ feed: (_ take: ([UInt8]) -> Void) -> Void) -> String {
        var hasher = SHA256()
        hasher.start()
        feed { hasher.update($0.span) }
        let digest = hasher.finish()
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for index in digest.indices {
            text.append(digits[Int(digest[index] >> 4)])
            text.append(digits[Int(digest[index] & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The 32 bytes that a store has of a digest; `nil` for any other number.
package func storedDigest(_ bytes: some RandomAccessCollection<UInt8>) -> Digest? {
    guard bytes.count == 32 else { return nil }
    var digest = Digest(repeating: 0)
    for (index, byte) in bytes.enumerated() { digest[index] = byte }
    return digest
}
