import CAuthBenchOpenSSL

/// A kind of signature over SHA-256 or, for Ed25519, over the message itself, with the kind of key that it takes.
public enum SignatureKind: Sendable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    case rsaPKCS1
    /// RSASSA-PSS with a salt as long as the digest (RFC 8017 section 8.1, RFC 7518 section 3.5).
    case rsaPSS
    /// ECDSA over P-256; r and s are 32 bytes each, one behind the other (RFC 7518 section 3.4).
    case ecdsaP256
    /// EdDSA over Curve25519 (RFC 8032 section 5.1).
    case ed25519

    /// The name by which OpenSSL knows the kind of key.
    var keyType: String {
        switch self {
        case .rsaPKCS1, .rsaPSS: "RSA"
        case .ecdsaP256: "EC"
        case .ed25519: "ED25519"
        }
    }

    /// Whether its keys are of RSA, so that they may have more or fewer bits.
    public var hasModulus: Bool { self == .rsaPKCS1 || self == .rsaPSS }

    /// The sizes of an RSA modulus that are taken: RFC 7518 section 3.3 asks for 2048 or more, and the checks of larger
    /// ones take minutes.
    static let modulus_bits: ClosedRange<Int32> = 2048...8192

    /// The bytes of a signature with a key of this kind.
    @unsafe func signature_bytes(_ key: OpaquePointer) -> Int {
        switch self {
        case .rsaPKCS1, .rsaPSS: unsafe Int(EVP_PKEY_get_size(key))
        case .ecdsaP256, .ed25519: 64
        }
    }

    /// Why a key cannot be used for this kind; `nil` for one that can.
    @unsafe func objection(to key: OpaquePointer) -> EncodedKeyError? {
        guard unsafe EVP_PKEY_is_a(key, keyType) == 1 else { return .unreadable(self) }
        switch self {
        case .rsaPKCS1, .rsaPSS:
            let bits = unsafe EVP_PKEY_get_bits(key)
            return Self.modulus_bits ~= bits ? nil : .size(bits: bits)
        case .ecdsaP256:
            var name = [CChar](repeating: 0, count: 32)
            var length = 0
            guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return .curve }
            let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return text == "prime256v1" ? nil : .curve
        case .ed25519: return nil
        }
    }
}
