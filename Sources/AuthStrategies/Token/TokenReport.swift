import AuthCore

/// A decision on a token, for whoever holds the key: with the reason and the claims.
package struct TokenReport {
    package let decision: Decision
    /// The claims as they stand in the token, strict JSON; `nil` unless the signature is good, because nobody
    /// should read what nobody has signed (RFC 8725 section 3.3).
    package let claims: String?

    init(_ decision: Decision, of line: [UInt8]) {
        self.decision = decision
        claims = decision.isSigned ? Self.claims(of: line.span) : nil
    }

    private static func claims(of line: Span<UInt8>) -> String? {
        BearerHeader.split(line).flatMap { Base64URL.decode(line.extracting($0.payload)) }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

extension Decision {
    /// Whether the claims have been read, which is done only behind a good signature and in strict JSON.
    fileprivate var isSigned: Bool {
        switch self {
        case .accepted, .refused(.expired), .refused(.wrongClaims), .refused(.insufficientScope): true
        case .refused(.malformed), .refused(.unknown), .refused(.badSignature), .refused(.reused): false
        }
    }
}
