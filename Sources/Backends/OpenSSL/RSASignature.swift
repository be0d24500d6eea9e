import CAuthBenchOpenSSL

/// Makes RSASSA-PKCS1-v1_5 signatures with SHA-256 (RFC 8017 section 8.2); one per client.
@safe package struct RSASigner: ~Copyable {
    private let context: OpaquePointer
    /// Bytes in a signature: those of the modulus.
    package let signature_bytes: Int

    package init(privateKey: [UInt8]) throws(OpenSSLError) { try self.init(privateKey: privateKey.span) }

    /// Parses a private key as in `RSAKeyPair`.
    package init(privateKey: Span<UInt8>) throws(OpenSSLError) {
        let key = unsafe privateKey.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var start = bytes.baseAddress
            return unsafe d2i_AutoPrivateKey(nil, &start, bytes.count)
        }
        unsafe (context, signature_bytes) = try makeContext(key, "sign", EVP_PKEY_sign_init)
    }

    deinit { unsafe EVP_PKEY_CTX_free(context) }

    package mutating func sign(_ digest: Digest) throws(OpenSSLError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: signature_bytes)
        var length = signature.count
        let done = unsafe digest.span.withUnsafeBufferPointer { digest in
            unsafe EVP_PKEY_sign(context, &signature, &length, digest.baseAddress, digest.count)
        }
        guard done == 1, length == signature_bytes else { throw OpenSSLError("sign with RSA") }
        return signature
    }
}

/// Checks RSASSA-PKCS1-v1_5 signatures with SHA-256, holding nothing but a public key; one per client.
@safe package struct RSAVerifier: ~Copyable {
    private let context: OpaquePointer
    /// Bytes in a signature: those of the modulus; any other length is refused.
    package let signature_bytes: Int

    /// Parses a public key as in `RSAKeyPair`.
    package init(publicKey: [UInt8]) throws(OpenSSLError) {
        let key = unsafe publicKey.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var start = bytes.baseAddress
            return unsafe d2i_PUBKEY(nil, &start, bytes.count)
        }
        unsafe (context, signature_bytes) = try makeContext(key, "verify", EVP_PKEY_verify_init)
    }

    deinit { unsafe EVP_PKEY_CTX_free(context) }

    package mutating func isValid(_ signature: Span<UInt8>, for digest: Digest) -> Bool {
        guard signature.count == signature_bytes else { return false }
        let result = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe digest.span.withUnsafeBufferPointer { digest in
                unsafe EVP_PKEY_verify(
                    context, signature.baseAddress, signature.count, digest.baseAddress, digest.count)
            }
        }
        // A bad signature leaves entries in the thread's error queue.
        if result != 1 { ERR_clear_error() }
        return result == 1
    }
}

/// Makes a context for one key and one operation that is used again and again; takes the key.
@unsafe private func makeContext(
    _ key: OpaquePointer?, _ operation: String, _ start: (OpaquePointer?) -> Int32
) throws(OpenSSLError) -> (context: OpaquePointer, signature_bytes: Int) {
    guard let key = unsafe key else { throw OpenSSLError("parse an RSA key") }
    defer { unsafe EVP_PKEY_free(key) }
    let bits = unsafe EVP_PKEY_get_bits(key)
    guard bits >= 2048 else {
        throw OpenSSLError("use an RSA key of \(bits) bits: RFC 7518 section 3.3 asks 2048")
    }
    guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else {
        throw OpenSSLError("make a context to \(operation)")
    }
    guard unsafe start(context) == 1,
        unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1,
        unsafe EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
    else {
        unsafe EVP_PKEY_CTX_free(context)
        throw OpenSSLError("prepare to \(operation) with RSA")
    }
    return unsafe (context, Int(EVP_PKEY_get_size(key)))
}
