import Backends

/// A key for one algorithm, read from a file and fit for its use.
package struct TokenKey: ~Copyable {
    /// The `kid` of a JWK; other files have none.
    package let keyID: String?
    let algorithm: AlgorithmName
    let material: Material

    /// The numbers of a key; one kind for each algorithm, so that no key can change its family.
    enum Material: ~Copyable {
        case secret(SecretBytes)
        case pair(EncodedKey)
    }

    /// Reads raw bytes or a JWK for HS256; PEM, DER or a JWK for an algorithm with a public key.
    ///
    /// - Throws: `TokenKeyError` for a key of the other family, one that is too weak, or one not meant for this
    ///   use.
    package static func read(
        _ file: borrowing SecretBytes, for algorithm: AlgorithmName, to use: KeyUse
    ) throws(TokenKeyError) -> TokenKey {
        try file.withBytes { (bytes) throws(TokenKeyError) in
            switch (algorithm, KeyFileForm(of: bytes)) {
            case (_, .json):
                let key = try JWK(bytes, for: algorithm, to: use)
                return TokenKey(
                    keyID: key.keyID, algorithm: algorithm, material: try key.material(in: bytes, to: use))
            case (_, .openSSH):
                throw TokenKeyError("is a key in the form of OpenSSH: \(algorithm.rawValue) takes another")
            case (.hs256, .pem):
                throw TokenKeyError("is in PEM, as public keys are: HS256 takes a secret of its own")
            case (_, .pem), (_, .bytes):
                guard let scheme = algorithm.scheme else {
                    return TokenKey(keyID: nil, algorithm: algorithm, material: .secret(try secret(bytes)))
                }
                return TokenKey(
                    keyID: nil, algorithm: algorithm, material: .pair(try pair(bytes, for: scheme, to: use)))
            }
        }
    }

    /// Takes a secret of at least 256 bits (RFC 7518 section 3.2) that is not also some other key's text, however that is
    /// encoded: it is public, and whoever has it could sign (CVE-2026-48526).
    static func secret(_ bytes: Span<UInt8>) throws(TokenKeyError) -> SecretBytes {
        guard !KeyText.isFound(in: bytes) else {
            throw TokenKeyError("is the text of another key: HS256 takes a secret of its own")
        }
        guard bytes.count >= 32 else {
            throw TokenKeyError("has \(bytes.count) bytes: HS256 takes 32 or more")
        }
        return SecretBytes(copying: bytes)
    }

    /// Takes one key of the algorithm's kind with the half that the use needs.
    static func pair(
        _ bytes: Span<UInt8>, for scheme: any SignatureScheme.Type, to use: KeyUse
    ) throws(TokenKeyError) -> EncodedKey {
        guard KeyFileForm.armorCount(in: bytes) <= 1 else {
            throw TokenKeyError("holds more than one PEM block: keep one key in it")
        }
        let key = try decode(bytes, for: scheme.kind)
        if use == .sign, !key.hasPrivateHalf { throw .publicOnly }
        return key
    }

    private static func decode(
        _ bytes: Span<UInt8>, for kind: SignatureKind
    ) throws(TokenKeyError) -> EncodedKey {
        do { return try EncodedKey(decoding: bytes, for: kind) } catch {
            throw TokenKeyError(error.description)
        }
    }
}

/// The algorithms of the JWT strategies, by their `alg` value (RFC 7518 section 3.1, RFC 8037 section 3.1).
///
/// Whoever checks a token names the algorithm; the token only has to agree (RFC 8725 section 3.1).
package enum AlgorithmName: String, CaseIterable, Sendable {
    case hs256 = "HS256"
    case rs256 = "RS256"
    case ps256 = "PS256"
    case es256 = "ES256"
    case eddsa = "EdDSA"

    /// The kind of key that it takes: the `kty` value of RFC 7518 section 6.1.
    var keyType: String {
        switch self {
        case .hs256: "oct"
        case .rs256, .ps256: "RSA"
        case .es256: "EC"
        case .eddsa: "OKP"
        }
    }

    /// The `crv` value that its keys have (RFC 7518 section 6.2.1.1, RFC 8037 section 2); `nil` where they have none.
    var curve: String? {
        switch self {
        case .hs256, .rs256, .ps256: nil
        case .es256: "P-256"
        case .eddsa: "Ed25519"
        }
    }

    /// How it signs; `nil` for a code under a secret.
    var scheme: (any SignatureScheme.Type)? {
        switch self {
        case .hs256: nil
        case .rs256: RS256Scheme.self
        case .ps256: PS256Scheme.self
        case .es256: ES256Scheme.self
        case .eddsa: Ed25519Scheme.self
        }
    }

    package var kind: SignatureKind? { scheme?.kind }
}

/// What a key is to be used for: the `key_ops` value of RFC 7517 section 4.3.
package enum KeyUse: String, Sendable {
    case sign
    case verify
}

/// Why a key is not used, in words that follow the name of its file and repeat nothing of its content.
package struct TokenKeyError: Error, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }

    static let publicOnly = Self("holds a public key: to make a token takes the private one")
}
