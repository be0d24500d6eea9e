import COpenSSL

/// An RSA key pair as text-free DER, so that it can be shared between threads as a value; each client parses
/// its own half, because OpenSSL counts references on a shared key under contention.
package struct RSAKeyPair: Sendable {
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
