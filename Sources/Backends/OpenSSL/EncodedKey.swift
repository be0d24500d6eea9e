import CAuthBenchOpenSSL

/// A key that somebody else made, read from PEM or DER and checked; the private half may be missing.
package struct EncodedKey: ~Copyable {
    /// RFC 5280 SubjectPublicKeyInfo.
    package let publicKey: [UInt8]
    /// The private half as in `KeyPair`.
    package let privateKey: SecretBytes?

    package var hasPrivateHalf: Bool {
        switch privateKey {
        case .some: true
        case nil: false
        }
    }

    /// Reads SubjectPublicKeyInfo, PKCS#8 or the older form of its kind (PKCS#1, SEC 1), in PEM or DER.
    ///
    /// - Throws: `EncodedKeyError`; never asks for a passphrase.
    package init(decoding bytes: Span<UInt8>, for kind: SignatureKind) throws(EncodedKeyError) {
        defer { ERR_clear_error() }
        guard let key = unsafe decodeKey(bytes, ofType: kind.keyType) else { throw .unreadable(kind) }
        defer { unsafe EVP_PKEY_free(key) }
        let hasPrivateHalf = unsafe isPair(key)
        try unsafe check(key, for: kind, isPair: hasPrivateHalf)
        do {
            let publicKey = try unsafe encoded("public") { unsafe i2d_PUBKEY(key, $0) }
            var privateKey: SecretBytes?
            if hasPrivateHalf {
                var der = try unsafe encoded("private") { unsafe i2d_PrivateKey(key, $0) }
                privateKey = SecretBytes(moving: &der)
            }
            self.publicKey = publicKey
            self.privateKey = privateKey
        } catch { throw .unreadable(kind) }
    }

    /// Whether OpenSSL reads a key or a certificate of whatever kind at the beginning of these bytes, in PEM or DER.
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

/// Why a key is not used.
package enum EncodedKeyError: Error, Equatable, CustomStringConvertible {
    case unreadable(SignatureKind)
    case size(bits: Int32)
    case exponent
    case curve
    case inconsistent(SignatureKind)

    package var description: String {
        switch self {
        case .unreadable(let kind): "is no unencrypted \(kind.keyName) key in PEM or DER"
        case .size(let bits):
            "is an RSA key of \(bits) bits, not \(SignatureKind.modulus_bits.lowerBound) to \(SignatureKind.modulus_bits.upperBound)"
        case .exponent: "is an RSA key with an even exponent or one that is not between 3 and 2^64"
        case .curve: "is an elliptic-curve key, but not of P-256"
        case .inconsistent(let kind): "is an \(kind.keyName) key whose numbers do not belong together"
        }
    }
}

extension SignatureKind {
    /// What people call its keys.
    fileprivate var keyName: String {
        switch self {
        case .rsaPKCS1, .rsaPSS: "RSA"
        case .ecdsaP256: "EC"
        case .ed25519: "Ed25519"
        }
    }
}

@unsafe private func check(
    _ key: OpaquePointer, for kind: SignatureKind, isPair: Bool
) throws(EncodedKeyError) {
    if let objection = unsafe kind.objection(to: key) { throw objection }
    let isSound = unsafe hasNumber(key, OSSL_PKEY_PARAM_RSA_E) {
        unsafe BN_is_odd($0) == 1 && 2...64 ~= BN_num_bits($0)
    }
    guard isSound || !kind.hasModulus else { throw .exponent }
    guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { throw .unreadable(kind) }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    // Signing with primes that do not fit the modulus would give the key away.
    let result = unsafe isPair ? EVP_PKEY_check(context) : EVP_PKEY_public_check(context)
    guard result == 1 else { throw .inconsistent(kind) }
}

/// Whether a key has its private half.
@unsafe private func isPair(_ key: OpaquePointer) -> Bool {
    // RSA and elliptic curves have it as a number, Ed25519 as octets; both have one name.
    var length = 0
    return unsafe hasNumber(key, OSSL_PKEY_PARAM_RSA_D)
        || hasNumber(key, OSSL_PKEY_PARAM_PRIV_KEY)
        || EVP_PKEY_get_raw_private_key(key, nil, &length) == 1
}

/// Whether a key has a number of that name, and the number is as wanted.
@unsafe private func hasNumber(
    _ key: OpaquePointer, _ name: String, where isWanted: (OpaquePointer?) -> Bool = { _ in true }
) -> Bool {
    var number: OpaquePointer?
    defer { unsafe BN_clear_free(number) }
    return unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1 && isWanted(number)
}

/// Reads a key of one type, or of any; the caller frees it.
///
/// - Returns: `nil` for anything else, for DER with something behind it unless that is allowed, and for an encrypted key: a passphrase
///   is refused without asking for one.
@unsafe private func decodeKey(_ bytes: Span<UInt8>, ofType type: String?, allowingRest: Bool = false)
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
