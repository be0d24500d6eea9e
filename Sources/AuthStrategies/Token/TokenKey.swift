import AuthCore
import Backends

/// A key for one algorithm, read from a file and fit for its use.
package struct TokenKey: ~Copyable {
    /// The `kid` of a JWK; other files have none.
    package let keyID: String?
    let material: Material

    /// The numbers of a key; one kind for each algorithm, so that no key can change its family.
    enum Material: ~Copyable {
        case secret(SecretBytes)
        case rsa(RSAKey)
    }

    /// Reads raw bytes or a JWK for HS256; PEM, DER or a JWK for RS256.
    ///
    /// - Throws: `TokenKeyFault` for a key of the other family, one that is too weak, or one not meant for this
    ///   use.
    package static func read(
        _ file: borrowing SecretBytes, for algorithm: TokenAlgorithm, to use: KeyUse
    ) throws(TokenKeyFault) -> TokenKey {
        try file.withBytes { (bytes) throws(TokenKeyFault) in
            switch (algorithm, KeyFileForm(of: bytes)) {
            case (_, .json):
                let key = try JWK(bytes, for: algorithm, to: use)
                return TokenKey(keyID: key.keyID, material: try key.material(in: bytes, to: use))
            case (_, .openSSH):
                throw TokenKeyFault("is a key in the form of OpenSSH: \(algorithm.rawValue) takes another")
            case (.hs256, .pem):
                throw TokenKeyFault("is in PEM, as public keys are: HS256 takes a secret of its own")
            case (.hs256, .bytes): return TokenKey(keyID: nil, material: .secret(try secret(bytes)))
            case (.rs256, _): return TokenKey(keyID: nil, material: .rsa(try rsa(bytes, to: use)))
            }
        }
    }

    /// Takes a secret of at least 256 bits (RFC 7518 section 3.2) that is not also some other key's text, however that is
    /// encoded: it is public, and whoever has it could sign (CVE-2026-48526).
    static func secret(_ bytes: Span<UInt8>) throws(TokenKeyFault) -> SecretBytes {
        guard !KeyText.isFound(in: bytes) else {
            throw TokenKeyFault("is the text of another key: HS256 takes a secret of its own")
        }
        guard bytes.count >= 32 else {
            throw TokenKeyFault("has \(bytes.count) bytes: HS256 takes 32 or more")
        }
        return SecretBytes(copying: bytes)
    }

    /// Takes one RSA key with the half that the use needs.
    static func rsa(_ bytes: Span<UInt8>, to use: KeyUse) throws(TokenKeyFault) -> RSAKey {
        guard KeyFileForm.armorCount(in: bytes) <= 1 else {
            throw TokenKeyFault("holds more than one PEM block: keep one key in it")
        }
        let key = try decode(bytes)
        if use == .sign, !key.hasPrivateHalf { throw .publicOnly }
        return key
    }

    private static func decode(_ bytes: Span<UInt8>) throws(TokenKeyFault) -> RSAKey {
        do { return try RSAKey(decoding: bytes) } catch { throw TokenKeyFault(error.description) }
    }
}
