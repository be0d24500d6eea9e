import COpenSSL

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
