import CAuthBenchOpenSSL

/// HMAC-SHA256 with one key; one per client.
///
/// The states of SHA-256 after the two padded key blocks are kept, so that a code costs no more than the blocks of its
/// message (RFC 2104 section 4). They are as secret as the key: they lie in one place, and are overwritten there when
/// their owner goes. `EVP_MAC` does the same arithmetic, but allocates a state for each message.
@safe package struct HMACSHA256: ~Copyable {
    /// What is kept for the key, and where a code is worked out.
    @safe private struct States {
        var inner = SHA256_CTX()
        var outer = SHA256_CTX()
        var current = SHA256_CTX()
    }

    private static let block_bytes = 64
    private let states: UnsafeMutablePointer<States>

    package init(key: [UInt8]) { self.init(key: key.span) }

    /// Takes a key of any length; one that is longer than a block is hashed first.
    package init(key: Span<UInt8>) {
        unsafe states = .allocate(capacity: 1)
        unsafe states.initialize(to: States())
        var hasher = SHA256()
        var block = [UInt8](repeating: 0, count: Self.block_bytes)
        if key.count > Self.block_bytes {
            let digest = hasher.digest(key)
            for index in digest.indices { block[index] = digest[index] }
        } else {
            for index in key.indices { block[index] = key[index] }
        }
        for index in block.indices { block[index] ^= 0x36 }
        unsafe start(&states.pointee.inner, block)
        for index in block.indices { block[index] ^= 0x36 ^ 0x5C }
        unsafe start(&states.pointee.outer, block)
        cleanse(&block)
    }

    deinit {
        unsafe OPENSSL_cleanse(states, MemoryLayout<States>.size)
        unsafe states.deallocate()
    }

    package mutating func code(for message: Span<UInt8>) -> Digest {
        var digest = Digest(repeating: 0)
        var output = digest.mutableSpan
        unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe states.pointee.current = states.pointee.inner
            _ = unsafe message.withUnsafeBytes {
                unsafe SHA256_Update(&states.pointee.current, $0.baseAddress, $0.count)
            }
            _ = unsafe SHA256_Final(output.baseAddress, &states.pointee.current)
            unsafe states.pointee.current = states.pointee.outer
            _ = unsafe SHA256_Update(&states.pointee.current, output.baseAddress, output.count)
            _ = unsafe SHA256_Final(output.baseAddress, &states.pointee.current)
        }
        return digest
    }
}

/// Begins SHA-256 with one block.
@unsafe private func start(_ state: UnsafeMutablePointer<SHA256_CTX>, _ block: [UInt8]) {
    _ = unsafe SHA256_Init(state)
    _ = unsafe SHA256_Update(state, block, block.count)
}

/// A random secret that many clients read; it is overwritten when the last of them lets it go.
public final class SharedSecret: Sendable {
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
