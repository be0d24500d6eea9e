import COpenSSL

/// HMAC-SHA256 (RFC 2104) with one key, on a context that is used again and again; one per client.
///
/// Starting a keyed `EVP_MAC` context anew costs a tenth of making one: the padded key stays hashed.
@safe package struct HMACSHA256: ~Copyable {
    private let context: OpaquePointer

    package init(key: [UInt8]) throws(OpenSSLError) { try self.init(key: key.span) }

    package init(key: Span<UInt8>) throws(OpenSSLError) {
        guard let algorithm = unsafe EVP_MAC_fetch(nil, "HMAC", nil) else { throw OpenSSLError("fetch HMAC") }
        defer { unsafe EVP_MAC_free(algorithm) }
        guard let context = unsafe EVP_MAC_CTX_new(algorithm) else {
            throw OpenSSLError("make a MAC context")
        }
        var name = Array("SHA256".utf8CString)
        let done = unsafe name.withUnsafeMutableBufferPointer { name in
            var parameters = unsafe [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return unsafe key.withUnsafeBufferPointer { key in
                unsafe EVP_MAC_init(context, key.baseAddress, key.count, &parameters)
            }
        }
        guard done == 1 else {
            unsafe EVP_MAC_CTX_free(context)
            throw OpenSSLError("set an HMAC key")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    package mutating func code(for message: Span<UInt8>) throws(OpenSSLError) -> Digest {
        var digest = Digest(repeating: 0)
        var output = digest.mutableSpan
        var length = 0
        let done = unsafe message.withUnsafeBufferPointer { message in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe EVP_MAC_init(context, nil, 0, nil) == 1
                    && EVP_MAC_update(context, message.baseAddress, message.count) == 1
                    && EVP_MAC_final(context, output.baseAddress, &length, output.count) == 1
            }
        }
        guard done, length == 32 else { throw OpenSSLError("compute an HMAC") }
        return digest
    }
}
