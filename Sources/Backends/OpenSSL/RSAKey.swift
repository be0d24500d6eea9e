import CAuthBenchOpenSSL

/// An RSA key that somebody else made, read from PEM or DER and checked; the private half may be missing.
package struct RSAKey: ~Copyable {
    /// RFC 5280 SubjectPublicKeyInfo.
    package let publicKey: [UInt8]
    /// RFC 8017 RSAPrivateKey.
    package let privateKey: SecretBytes?

    package var hasPrivateHalf: Bool {
        switch privateKey {
        case .some: true
        case nil: false
        }
    }

    /// The sizes of a modulus that are taken: RFC 7518 section 3.3 asks for 2048 or more, and the checks of
    /// larger ones take minutes.
    package static let modulus_bits: ClosedRange<Int32> = 2048...8192

    /// Reads SubjectPublicKeyInfo, PKCS#8 or PKCS#1, in PEM or DER.
    ///
    /// - Throws: `RSAKeyError`; never asks for a passphrase.
    package init(decoding bytes: Span<UInt8>) throws(RSAKeyError) {
        defer { ERR_clear_error() }
        guard let key = unsafe decodeKey(bytes, ofType: "RSA") else { throw .unreadable }
        defer { unsafe EVP_PKEY_free(key) }
        try unsafe check(key)
        let hasPrivateHalf = unsafe hasNumber(key, OSSL_PKEY_PARAM_RSA_D)
        do {
            let publicKey = try unsafe encoded("public") { unsafe i2d_PUBKEY(key, $0) }
            var privateKey: SecretBytes?
            if hasPrivateHalf {
                var der = try unsafe encoded("private") { unsafe i2d_PrivateKey(key, $0) }
                privateKey = SecretBytes(moving: &der)
            }
            self.publicKey = publicKey
            self.privateKey = privateKey
        } catch { throw .unreadable }
    }
}

/// Why an RSA key is not used.
package enum RSAKeyError: Error, Equatable, CustomStringConvertible {
    case unreadable
    case size(bits: Int32)
    case exponent
    case inconsistent

    package var description: String {
        switch self {
        case .unreadable: "is no unencrypted RSA key in PEM or DER"
        case .size(let bits):
            "is an RSA key of \(bits) bits, not \(RSAKey.modulus_bits.lowerBound) to \(RSAKey.modulus_bits.upperBound)"
        case .exponent: "is an RSA key with an even exponent or one that is not between 3 and 2^64"
        case .inconsistent: "is an RSA key whose numbers do not belong together"
        }
    }
}

@unsafe private func check(_ key: OpaquePointer) throws(RSAKeyError) {
    let bits = unsafe EVP_PKEY_get_bits(key)
    guard RSAKey.modulus_bits ~= bits else { throw .size(bits: bits) }
    guard
        unsafe hasNumber(
            key, OSSL_PKEY_PARAM_RSA_E,
            where: {
                unsafe BN_is_odd($0) == 1 && 2...64 ~= BN_num_bits($0)
            })
    else { throw .exponent }
    guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { throw .unreadable }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    let isPair = unsafe hasNumber(key, OSSL_PKEY_PARAM_RSA_D)
    // Signing with primes that do not fit the modulus would give the key away.
    let result = unsafe isPair ? EVP_PKEY_check(context) : EVP_PKEY_public_check(context)
    guard result == 1 else { throw .inconsistent }
}

/// Whether a key has a number of that name, and the number is as wanted.
@unsafe private func hasNumber(
    _ key: OpaquePointer, _ name: String, where isWanted: (OpaquePointer?) -> Bool = { _ in true }
) -> Bool {
    var number: OpaquePointer?
    defer { unsafe BN_clear_free(number) }
    return unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1 && isWanted(number)
}

/// Asks whether bytes are the encoding of some key or certificate, whatever its kind.
package enum EncodedKey {
    /// Whether OpenSSL reads a key or a certificate at the beginning of these bytes, in PEM or DER.
    package static func isFound(in bytes: Span<UInt8>) -> Bool {
        defer { ERR_clear_error() }
        if let key = unsafe decodeKey(bytes, ofType: nil, allowingRest: true) {
            unsafe EVP_PKEY_free(key)
            return true
        }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            let certificate = unsafe d2i_X509(nil, &start, bytes.count)
            defer { unsafe X509_free(certificate) }
            return unsafe certificate != nil
        }
    }
}

/// Reads a key of one type, or of any; the caller frees it.
///
/// - Returns: `nil` for anything else, for DER with something behind it unless that is allowed, and for an encrypted key: a passphrase
///   is refused without asking for one.
@unsafe func decodeKey(_ bytes: Span<UInt8>, ofType type: String?, allowingRest: Bool = false)
    -> OpaquePointer?
{
    var key: OpaquePointer?
    guard
        let context = unsafe OSSL_DECODER_CTX_new_for_pkey(&key, nil, nil, type, 0, nil, nil)
    else { return nil }
    defer { unsafe OSSL_DECODER_CTX_free(context) }
    guard unsafe OSSL_DECODER_CTX_set_pem_password_cb(context, { _, _, _, _ in -1 }, nil) == 1 else {
        return nil
    }
    let (done, rest) = unsafe bytes.withUnsafeBufferPointer { bytes in
        var start = bytes.baseAddress
        var count = bytes.count
        let done = unsafe OSSL_DECODER_from_data(context, &start, &count)
        return (done, count)
    }
    let isDER = !bytes.isEmpty && bytes[0] == 0x30
    guard done == 1, rest == 0 || allowingRest || !isDER else {
        unsafe EVP_PKEY_free(key)
        return nil
    }
    return unsafe key
}
