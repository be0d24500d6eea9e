/// The algorithms of the JWT strategies, by their `alg` value (RFC 7518 section 3.1).
///
/// Whoever checks a token names the algorithm; the token only has to agree (RFC 8725 section 3.1).
package enum TokenAlgorithm: String, CaseIterable, Sendable {
    case hs256 = "HS256"
    case rs256 = "RS256"

    /// The kind of key that it takes: the `kty` value of RFC 7518 section 6.1.
    var keyType: String {
        switch self {
        case .hs256: "oct"
        case .rs256: "RSA"
        }
    }
}

/// What a key is to be used for: the `key_ops` value of RFC 7517 section 4.3.
package enum KeyUse: String, Sendable {
    case sign
    case verify
}

/// Why a key is not used, in words that follow the name of its file and repeat nothing of its content.
package struct TokenKeyFault: Error, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }

    static let publicOnly = Self("holds a public key: to make a token takes the private one")
}
