import COpenSSL

/// 32 bytes: a SHA-256 digest or an HMAC-SHA256.
package typealias Digest = InlineArray<32, UInt8>

/// SHA-256 (FIPS 180-4) on a context that is used again and again; one per client.
@safe package struct SHA256: ~Copyable {
    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    package init() throws(OpenSSLError) {
        guard let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil) else {
            throw OpenSSLError("fetch SHA-256")
        }
        guard let context = unsafe EVP_MD_CTX_new() else {
            unsafe EVP_MD_free(algorithm)
            throw OpenSSLError("make a digest context")
        }
        unsafe self.context = context
        unsafe self.algorithm = algorithm
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_free(algorithm)
    }

    package mutating func digest(_ bytes: Span<UInt8>) throws(OpenSSLError) -> Digest {
        try start()
        try update(bytes)
        return try finish()
    }

    package mutating func start() throws(OpenSSLError) {
        guard unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1 else {
            throw OpenSSLError("start SHA-256")
        }
    }

    package mutating func update(_ bytes: Span<UInt8>) throws(OpenSSLError) {
        let done = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard done == 1 else { throw OpenSSLError("compute SHA-256") }
    }

    package mutating func finish() throws(OpenSSLError) -> Digest {
        var digest = Digest(repeating: 0)
        var output = digest.mutableSpan
        let done = unsafe output.withUnsafeMutableBytes {
            unsafe EVP_DigestFinal_ex(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
        guard done == 1 else { throw OpenSSLError("finish SHA-256") }
        return digest
    }
}
