import CAuthBenchOpenSSL

/// An RSA key pair as text-free DER, so that it can be shared between threads as a value; each client parses
/// its own half, because OpenSSL counts references on a shared key under contention.
public struct RSAKeyPair: Sendable {
    /// RFC 8017 RSAPrivateKey.
    package let privateKey: [UInt8]
    /// RFC 5280 SubjectPublicKeyInfo.
    package let publicKey: [UInt8]

    /// Generates a key with the public exponent 65537.
    package init(bits: Int32 = 2048) throws(OpenSSLError) {
        guard let key = unsafe generateRSAKey(bits: bits) else { throw OpenSSLError("generate an RSA key") }
        defer { unsafe EVP_PKEY_free(key) }
        privateKey = try unsafe encoded("private") { unsafe i2d_PrivateKey(key, $0) }
        publicKey = try unsafe encoded("public") { unsafe i2d_PUBKEY(key, $0) }
    }
}

/// Generates a key with the public exponent 65537; the caller frees it.
@unsafe func generateRSAKey(bits: Int32) -> OpaquePointer? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { return nil }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard unsafe EVP_PKEY_keygen_init(context) == 1,
        unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1,
        unsafe EVP_PKEY_keygen(context, &key) == 1
    else { return nil }
    return unsafe key
}

/// Calls an `i2d` function twice, as its manual says: for the length, then for the bytes.
func encoded(
    _ half: String,
    _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(OpenSSLError) -> [UInt8] {
    let count = encode(nil)
    guard count > 0 else { throw OpenSSLError("encode the \(half) RSA key") }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        var end = buffer.baseAddress
        return unsafe encode(&end)
    }
    guard written == count else { throw OpenSSLError("encode the \(half) RSA key") }
    return bytes
}

/// Fresh keys in the form in which they are kept in a file.
package enum NewKey {
    /// 32 random bytes, as they are.
    package static func secret() throws(OpenSSLError) -> SecretBytes {
        var bytes = try SecureRandom.bytes(32)
        return SecretBytes(moving: &bytes)
    }

    /// An RSA key of 2048 bits as unencrypted PKCS#8 in PEM (RFC 7468 section 10).
    package static func rsa() throws -> SecretBytes {
        guard let key = unsafe generateRSAKey(bits: 2048) else { throw OpenSSLError("generate an RSA key") }
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
        else { throw OpenSSLError("prepare to encode an RSA key") }
        defer { unsafe OSSL_ENCODER_CTX_free(context) }
        var text: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { unsafe CRYPTO_clear_free(text, count, #file, #line) }
        guard unsafe OSSL_ENCODER_to_data(context, &text, &count) == 1, let text = unsafe text else {
            throw OpenSSLError("encode an RSA key")
        }
        return unsafe Array(UnsafeBufferPointer(start: text, count: count))
    }
}
