import CAuthBenchOpenSSL

/// Makes signatures with one private key; one per client.
@safe package struct Signer: ~Copyable {
    private let core: SignatureCore
    private var hasher = SHA256()

    /// Parses a private key as in `KeyPair`.
    package init(_ kind: SignatureKind, privateKey: Span<UInt8>) throws(OpenSSLError) {
        let key = unsafe privateKey.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var start = bytes.baseAddress
            return unsafe d2i_AutoPrivateKey(nil, &start, bytes.count)
        }
        core = try unsafe SignatureCore(kind, key, "sign", EVP_PKEY_sign_init)
    }

    /// Signs a message.
    ///
    /// - Returns: the signature in the form of RFC 7518 section 3, or RFC 8037 section 3.1.
    package mutating func sign(_ message: Span<UInt8>) throws(OpenSSLError) -> [UInt8] {
        guard core.kind != .ed25519 else { return try core.signWhole(message) }
        let signature = try core.sign(hasher.digest(message))
        guard core.kind == .ecdsaP256 else { return signature }
        guard let joined = ECDSAPoint.joined(signature) else { throw OpenSSLError("sign with ECDSA") }
        return joined
    }
}

/// Checks signatures, holding nothing but a public key; one per client.
@safe package struct SignatureVerifier: ~Copyable {
    private let core: SignatureCore
    private var hasher = SHA256()

    /// Bytes in a signature; any other length is refused.
    package var signature_bytes: Int { core.signature_bytes }

    /// Parses a public key as in `KeyPair`.
    package init(_ kind: SignatureKind, publicKey: [UInt8]) throws(OpenSSLError) {
        let key = unsafe publicKey.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var start = bytes.baseAddress
            return unsafe d2i_PUBKEY(nil, &start, bytes.count)
        }
        core = try unsafe SignatureCore(kind, key, "verify", EVP_PKEY_verify_init)
    }

    /// Whether the key's owner has signed exactly this message.
    package mutating func isValid(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard signature.count == core.signature_bytes else { return false }
        let isValid =
            switch core.kind {
            case .ed25519: core.isValidWhole(signature, for: message)
            case .ecdsaP256:
                ECDSAPoint.withDER(of: signature) { core.isValid($0, for: hasher.digest(message)) }
            case .rsaPKCS1, .rsaPSS: core.isValid(signature, for: hasher.digest(message))
            }
        // A bad signature leaves entries in the thread's error queue.
        if !isValid { ERR_clear_error() }
        return isValid
    }
}

/// One key, and the contexts in which it is used again and again.
@safe private struct SignatureCore: ~Copyable {
    let kind: SignatureKind
    let signature_bytes: Int
    private let key: OpaquePointer
    private let context: OpaquePointer
    /// For a kind that takes the message whole.
    private let messageContext: OpaquePointer

    /// Takes the key.
    @unsafe init(
        _ kind: SignatureKind, _ key: OpaquePointer?, _ operation: String,
        _ start: (OpaquePointer?) -> Int32
    ) throws(OpenSSLError) {
        guard let key = unsafe key else { throw OpenSSLError("parse a key of \(kind.keyType)") }
        if let objection = unsafe kind.objection(to: key) {
            unsafe EVP_PKEY_free(key)
            throw OpenSSLError("\(operation): the key \(objection)")
        }
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil),
            let messageContext = unsafe EVP_MD_CTX_new()
        else {
            unsafe EVP_PKEY_free(key)
            throw OpenSSLError("make a context to \(operation)")
        }
        let isReady = unsafe kind == .ed25519 || start(context) == 1 && kind.isSet(context)
        guard isReady else {
            unsafe EVP_MD_CTX_free(messageContext)
            unsafe EVP_PKEY_CTX_free(context)
            unsafe EVP_PKEY_free(key)
            throw OpenSSLError("prepare to \(operation) with \(kind.keyType)")
        }
        (self.kind, signature_bytes) = (kind, unsafe kind.signature_bytes(key))
        unsafe (self.key, self.context, self.messageContext) = (key, context, messageContext)
    }

    deinit {
        unsafe EVP_MD_CTX_free(messageContext)
        unsafe EVP_PKEY_CTX_free(context)
        unsafe EVP_PKEY_free(key)
    }

    func sign(_ digest: Digest) throws(OpenSSLError) -> [UInt8] {
        var length = unsafe Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: length)
        let done = unsafe digest.span.withUnsafeBufferPointer { digest in
            unsafe EVP_PKEY_sign(context, &signature, &length, digest.baseAddress, digest.count)
        }
        guard done == 1 else { throw OpenSSLError("sign with \(kind.keyType)") }
        signature.removeLast(signature.count - length)
        return signature
    }

    func isValid(_ signature: Span<UInt8>, for digest: Digest) -> Bool {
        unsafe signature.withUnsafeBufferPointer { signature in
            unsafe digest.span.withUnsafeBufferPointer { digest in
                unsafe EVP_PKEY_verify(
                    context, signature.baseAddress, signature.count, digest.baseAddress, digest.count) == 1
            }
        }
    }

    // Each begins anew: from OpenSSL 3.2 on a context that has verified does not verify a second time.

    func signWhole(_ message: Span<UInt8>) throws(OpenSSLError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: signature_bytes)
        var length = signature.count
        let isDone = unsafe message.withUnsafeBufferPointer { message in
            unsafe EVP_DigestSignInit(messageContext, nil, nil, nil, key) == 1
                && EVP_DigestSign(messageContext, &signature, &length, message.baseAddress, message.count)
                    == 1
        }
        guard isDone, length == signature_bytes else { throw OpenSSLError("sign with \(kind.keyType)") }
        return signature
    }

    func isValidWhole(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerifyInit(messageContext, nil, nil, nil, key) == 1
                    && EVP_DigestVerify(
                        messageContext, signature.baseAddress, signature.count, message.baseAddress,
                        message.count) == 1
            }
        }
    }
}

extension SignatureKind {
    /// Sets what a context does with digests.
    @unsafe fileprivate func isSet(_ context: OpaquePointer) -> Bool {
        guard unsafe EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 else { return false }
        return switch self {
        case .rsaPKCS1: unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
        case .rsaPSS:
            unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
        case .ecdsaP256, .ed25519: true
        }
    }
}

/// The two numbers of an ECDSA signature over P-256: side by side, as in a JWS, or in DER, as OpenSSL takes them.
private enum ECDSAPoint {
    private static let number_bytes = 32

    /// Calls `body` with `SEQUENCE { INTEGER r, INTEGER s }` (X.690), made on the stack.
    static func withDER(of joined: Span<UInt8>, _ body: (Span<UInt8>) -> Bool) -> Bool {
        var der = InlineArray<72, UInt8>(repeating: 0)
        der[0] = 0x30
        var count = 2
        for start in [0, number_bytes] { append(joined, from: start, to: &der, &count) }
        der[1] = UInt8(count - 2)
        return body(der.span.extracting(first: count))
    }

    /// Appends one INTEGER in the fewest bytes, which has a leading zero where its top bit would make it negative.
    private static func append(
        _ joined: Span<UInt8>, from start: Int, to der: inout InlineArray<72, UInt8>, _ count: inout Int
    ) {
        let end = start + number_bytes
        var first = start
        while first < end - 1, joined[first] == 0 { first += 1 }
        let padding = joined[first] >> 7
        der[count] = 0x02
        der[count + 1] = UInt8(end - first) + padding
        count += 2 + Int(padding)
        for index in first..<end {
            der[count] = joined[index]
            count += 1
        }
    }

    /// Takes the numbers out of DER; `nil` for what OpenSSL cannot have made.
    static func joined(_ der: [UInt8]) -> [UInt8]? {
        var joined = [UInt8](repeating: 0, count: 2 * number_bytes)
        var index = 2
        for start in [0, number_bytes] {
            guard index + 1 < der.count, der[index] == 0x02 else { return nil }
            let number = der.dropFirst(index + 2).prefix(Int(der[index + 1]))
            index = number.endIndex
            let digits = number.drop { $0 == 0 }
            guard digits.count <= number_bytes else { return nil }
            for (offset, byte) in digits.enumerated() {
                joined[start + number_bytes - digits.count + offset] = byte
            }
        }
        return index == der.count ? joined : nil
    }
}
