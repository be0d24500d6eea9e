/// A random secret that many clients read; it is overwritten when the last of them lets it go.
package final class SharedSecret: Sendable {
    private let bytes: SecretBytes

    package init(count: Int) throws(OpenSSLError) {
        var random = try SecureRandom.bytes(count)
        bytes = SecretBytes(moving: &random)
    }

    package init(copying bytes: Span<UInt8>) { self.bytes = SecretBytes(copying: bytes) }

    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withBytes(body)
    }
}
