import CAuthBenchOpenSSL

/// A key pair as text-free DER, so that it can be shared between threads as a value; each client parses its own half,
/// because OpenSSL counts references on a shared key under contention.
public struct KeyPair: Sendable {
    /// The private half, in the form that OpenSSL prefers for its kind: PKCS#1 (RFC 8017), SEC 1 or PKCS#8 (RFC 8410).
    package let privateKey: [UInt8]
    /// RFC 5280 SubjectPublicKeyInfo.
    package let publicKey: [UInt8]

    /// Generates a key.
    ///
    /// - Parameters:
    ///   - kind: what it will be used for.
    ///   - bits: the size of an RSA modulus, whose public exponent is 65537; of other kinds ignored.
    /// - Throws: `OpenSSLError`.
    package init(for kind: SignatureKind, bits: Int = 2048) throws(OpenSSLError) {
        guard let key = unsafe generateKey(for: kind, bits: bits) else {
            throw OpenSSLError("generate a key of \(kind.keyType)")
        }
        defer { unsafe EVP_PKEY_free(key) }
        privateKey = try unsafe encoded("private") { unsafe i2d_PrivateKey(key, $0) }
        publicKey = try unsafe encoded("public") { unsafe i2d_PUBKEY(key, $0) }
    }
}

/// Generates a key; the caller frees it.
@unsafe private func generateKey(for kind: SignatureKind, bits: Int) -> OpaquePointer? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, kind.keyType, nil) else { return nil }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    guard unsafe EVP_PKEY_keygen_init(context) == 1 else { return nil }
    let isPrepared =
        switch kind {
        case .rsaPKCS1, .rsaPSS: unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) == 1
        case .ecdsaP256: unsafe EVP_PKEY_CTX_set_group_name(context, "P-256") == 1
        case .ed25519: true
        }
    var key: OpaquePointer?
    guard isPrepared, unsafe EVP_PKEY_keygen(context, &key) == 1 else { return nil }
    return unsafe key
}

/// Calls an `i2d` function twice, as its manual says: for the length, then for the bytes.
func encoded(
    _ half: String,
    _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(OpenSSLError) -> [UInt8] {
    let count = encode(nil)
    guard count > 0 else { throw OpenSSLError("encode the \(half) key") }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        var end = buffer.baseAddress
        return unsafe encode(&end)
    }
    guard written == count else { throw OpenSSLError("encode the \(half) key") }
    return bytes
}

/// Fresh keys in the form in which they are kept in a file.
package enum NewKey {
    /// 32 random bytes, as they are.
    package static func secret() throws(OpenSSLError) -> SecretBytes {
        var bytes = try SecureRandom.bytes(32)
        return SecretBytes(moving: &bytes)
    }

    /// A key pair, of 2048 bits where it is RSA, as unencrypted PKCS#8 in PEM (RFC 7468 section 10).
    package static func pair(for kind: SignatureKind) throws -> SecretBytes {
        guard let key = unsafe generateKey(for: kind, bits: 2048) else {
            throw OpenSSLError("generate a key of \(kind.keyType)")
        }
        defer { unsafe EVP_PKEY_free(key) }
        // The context keeps the pointers to these two words, so that they have to outlive it.
        var text = try unsafe "PEM".withCString { form in
            try unsafe "PrivateKeyInfo".withCString { structure in
                try unsafe encode(key, form, structure)
            }
        }
        return SecretBytes(moving: &text)
    }

    @unsafe private static func encode(
        _ key: OpaquePointer, _ form: UnsafePointer<CChar>, _ structure: UnsafePointer<CChar>
    ) throws(OpenSSLError) -> [UInt8] {
        guard
            let context = unsafe OSSL_ENCODER_CTX_new_for_pkey(
                key, OSSL_KEYMGMT_SELECT_ALL, form, structure, nil)
        else { throw OpenSSLError("prepare to encode a key") }
        defer { unsafe OSSL_ENCODER_CTX_free(context) }
        var text: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { unsafe CRYPTO_clear_free(text, count, #file, #line) }
        guard unsafe OSSL_ENCODER_to_data(context, &text, &count) == 1, let text = unsafe text else {
            throw OpenSSLError("encode a key")
        }
        return unsafe Array(UnsafeBufferPointer(start: text, count: count))
    }
}
