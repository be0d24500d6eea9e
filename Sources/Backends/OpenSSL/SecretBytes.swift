import CAuthBenchOpenSSL

/// Bytes of a secret key, which cannot be copied by assignment and are overwritten when their owner goes.
@safe package struct SecretBytes: ~Copyable {
    private let storage: UnsafeMutableBufferPointer<UInt8>

    package init(copying bytes: Span<UInt8>) {
        let storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        for index in bytes.indices { unsafe storage.initializeElement(at: index, to: bytes[index]) }
        unsafe self.storage = storage
    }

    /// Takes the bytes out of an array, which is overwritten.
    package init(moving bytes: inout [UInt8]) {
        self.init(copying: bytes.span)
        cleanse(&bytes)
    }

    deinit {
        unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
        unsafe storage.deallocate()
    }

    package var count: Int { unsafe storage.count }

    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe storage.span)
    }
}

/// Nobody changes the bytes between the making and the end of a value, so that any thread may read them.
extension SecretBytes: @unchecked Sendable {}

/// Overwrites an array that held a secret, so that the compiler cannot leave the writing out; empties it.
///
/// An array that another variable shares would be copied first: the caller must be its only owner.
package func cleanse(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes = []
}

/// Bytes from OpenSSL's generator, which the operating system seeds.
package enum SecureRandom {
    package static func bytes(_ count: Int) throws(OpenSSLError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard unsafe RAND_bytes(&bytes, Int32(count)) == 1 else { throw OpenSSLError("draw random bytes") }
        return bytes
    }
}

/// Whether two spans are equal, in a time that does not depend on where they differ.
package func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBytes { left in
        unsafe right.withUnsafeBytes { right in
            unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
        }
    }
}
