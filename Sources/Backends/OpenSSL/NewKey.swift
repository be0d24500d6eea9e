import COpenSSL

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
