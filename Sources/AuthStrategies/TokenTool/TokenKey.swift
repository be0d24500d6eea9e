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

/// The keys of one file: the only one, or those of a JWK Set (RFC 7517 section 5) that fit the algorithm and the use.
///
/// It holds the file, and reads a key anew where it is wanted.
package struct TokenKeys: ~Copyable {
    private let file: SecretBytes
    private let algorithm: AlgorithmName
    private let use: KeyUse
    private let usable: [Member]
    /// Those of a set that cannot be used, and why.
    private let unusable: [(keyID: String?, fault: TokenKeyError)]
    private let isSet: Bool

    /// The `kid` of the one key of a file that is no set.
    package var onlyKeyID: String? { isSet ? nil : usable.first?.keyID }

    private struct Member {
        var keyID: String?
        var range: Range<Int>
    }

    /// Which key a token is to be checked with.
    enum Choice {
        /// By its number.
        case key(Int)
        /// None, and what is wrong with the token's `kid`.
        case none(String)
    }

    /// Reads a file of one key, or a JWK Set, of which it passes over the keys that are for something else.
    ///
    /// - Parameters:
    ///   - file: its bytes.
    ///   - algorithm: what the key is for; nothing else counts.
    ///   - use: what it is to do.
    ///   - keyID: the only `kid` of a set to take; `nil` for all.
    /// - Returns: the keys that are left.
    /// - Throws: `TokenKeyError` where no key is left, or the set cannot be trusted.
    package static func read(
        _ file: consuming SecretBytes, for algorithm: AlgorithmName, to use: KeyUse, named keyID: String?
    ) throws(TokenKeyError) -> TokenKeys {
        let ranges = try file.withBytes { (bytes) throws(TokenKeyError) -> [Range<Int>]? in
            if case .json = KeyFileForm(of: bytes) { try JWK.members(ofSet: bytes) } else { nil }
        }
        guard let ranges else {
            let only = try TokenKey.read(file, for: algorithm, to: use)
            return TokenKeys(
                file: file, algorithm: algorithm, use: use,
                usable: [Member(keyID: only.keyID, range: 0..<file.count)], unusable: [], isSet: false)
        }
        var (usable, unusable) = ([Member](), [(keyID: String?, fault: TokenKeyError)]())
        var (secrets, privates) = (0, 0)
        for range in ranges {
            try file.withBytes { (bytes) throws(TokenKeyError) in
                let text = bytes.extracting(range)
                let key = try JWK(text, for: algorithm, to: use)
                secrets += key.isSecret ? 1 : 0
                privates += key.isPrivate ? 1 : 0
                do throws(TokenKeyError) {
                    _ = try key.material(in: text, to: use)
                    usable.append(Member(keyID: key.keyID, range: range))
                } catch { unusable.append((key.keyID, error)) }
            }
        }
        guard secrets == 0 || secrets == ranges.count else {
            throw TokenKeyError(
                "is a JWK Set of secrets and other keys: keep the secrets in a file of their own")
        }
        guard use == .sign || privates == 0 else {
            throw TokenKeyError("is a JWK Set with a private key: to check a token takes the public ones")
        }
        if let keyID { usable.removeAll { $0.keyID != keyID } }
        let keys = TokenKeys(
            file: file, algorithm: algorithm, use: use, usable: usable, unusable: unusable, isSet: true)
        try keys.check(named: keyID)
        return keys
    }

    /// Refuses a set without a key, or with two of one name.
    private func check(named keyID: String?) throws(TokenKeyError) {
        guard let first = usable.first else {
            if usable.isEmpty, unusable.isEmpty, keyID == nil { throw TokenKeyError("is an empty JWK Set") }
            let named = keyID.map { " with the kid \($0)" } ?? ""
            let faults = unusable.filter { keyID == nil || $0.keyID == keyID }
            let why =
                faults.first.map { ": \(faults.count == 1 ? "the only one" : "the first") \($0.fault)" } ?? ""
            throw TokenKeyError("is a JWK Set without a key for \(algorithm.rawValue)\(named)\(why)")
        }
        for (index, key) in usable.enumerated() {
            guard let keyID = key.keyID, usable[..<index].contains(where: { $0.keyID == keyID }) else {
                continue
            }
            throw TokenKeyError("is a JWK Set with two keys of the kid \(keyID)")
        }
        if use == .sign, usable.count > 1 {
            let others = first.keyID.map { ", such as --key-id \($0)" } ?? ""
            throw TokenKeyError(
                "is a JWK Set of \(usable.count) keys for \(algorithm.rawValue): name one\(others)")
        }
    }

    /// Chooses by the `kid` of a token, or takes the only key for a token without one (RFC 7515 section 4.1.4).
    func choice(for keyID: String?) -> Choice {
        guard let keyID else {
            guard usable.count > 1 else { return .key(0) }
            return .none(
                "kid is missing from the header, and there are \(usable.count) keys for \(algorithm.rawValue)"
            )
        }
        if let index = usable.firstIndex(where: { $0.keyID == keyID }) { return .key(index) }
        // The only key of a file, or of a set that gives it no name, is there for every token.
        if !isSet || usable.count == 1 && usable[0].keyID == nil { return .key(0) }
        if let fault = unusable.first(where: { $0.keyID == keyID })?.fault {
            return .none("kid of the header is that of a key that \(fault)")
        }
        let known = usable.compactMap(\.keyID).joined(separator: ", ")
        return .none(
            "kid of the header is that of no key for \(algorithm.rawValue)\(known.isEmpty ? "" : ": \(known)")"
        )
    }

    /// Reads one of the keys.
    package func key(_ number: Int = 0) throws(TokenKeyError) -> TokenKey {
        guard isSet else { return try TokenKey.read(file, for: algorithm, to: use) }
        let range = usable[number].range
        return try file.withBytes { (bytes) throws(TokenKeyError) in
            let text = bytes.extracting(range)
            let key = try JWK(text, for: algorithm, to: use)
            return TokenKey(
                keyID: key.keyID, algorithm: algorithm, material: try key.material(in: text, to: use))
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
