import AuthCore

/// What an access token (RFC 9068 section 2.2) must say to be accepted.
struct ClaimRules: Sendable {
    let issuer: [UInt8]
    let audience: [UInt8]
    /// No token may live longer than this, whatever it says itself.
    let lifetime_ms: Int64

    init(_ policy: Policy, lifetime_ms: Int64) {
        issuer = Array(policy.issuer.utf8)
        audience = Array(policy.audience.utf8)
        self.lifetime_ms = lifetime_ms
    }
}

/// The claims of one token, read in one pass, and how far they agree with the rules.
struct AccessTokenClaims {
    private var expiry: Instant?
    private var issuedAt: Instant?
    private var notBefore: Instant?
    private(set) var authenticatedAt: Instant?
    private(set) var subject: Subject?
    private var present: UInt16 = 0
    private var isWrong = false
    private var isScopeGranted = false

    /// Members that must be there; RFC 9068 section 2.2 for all but `scope`, without which nothing is
    /// granted.
    private enum Required {
        static let issuer: UInt16 = 1
        static let audience: UInt16 = 2
        static let subject: UInt16 = 4
        static let clientID: UInt16 = 8
        static let tokenID: UInt16 = 16
        static let all: UInt16 = 31
    }

    /// Reads a payload whose signature has been found good.
    ///
    /// - Throws: `JSONFault` for a text that is not strict JSON.
    init(_ bytes: Span<UInt8>, rules: borrowing ClaimRules, requiring scope: Scope) throws(JSONFault) {
        var claims = Self()
        try JSONReader.readObject(bytes) { (name, reader) throws(JSONFault) in
            try claims.read(name, &reader, bytes, rules, scope)
        }
        self = claims
    }

    private init() {}

    /// Why the token is refused at this moment, or `nil` when it is good.
    func refusal(at now: Instant, rules: borrowing ClaimRules) -> Refusal? {
        guard !isWrong, present == Required.all, subject != nil, let expiry, let issuedAt else {
            return .wrongClaims
        }
        // Equality is expired (RFC 7519 section 4.1.4: "on or after").
        guard now < expiry else { return .expired }
        guard issuedAt <= now, notBefore ?? issuedAt <= now else { return .wrongClaims }
        guard issuedAt < expiry, expiry.milliseconds - issuedAt.milliseconds <= rules.lifetime_ms else {
            return .wrongClaims
        }
        return isScopeGranted ? nil : .insufficientScope
    }

    private mutating func read(
        _ name: JSONName, _ reader: inout JSONReader, _ bytes: Span<UInt8>, _ rules: borrowing ClaimRules,
        _ scope: Scope
    ) throws(JSONFault) {
        switch name {
        case .iss: expect(try reader.readText(bytes, equalTo: rules.issuer), Required.issuer)
        case .aud: expect(try reader.readAudience(bytes, naming: rules.audience), Required.audience)
        case .sub:
            subject = try reader.readTextValue(bytes).flatMap {
                SubjectName.decode(bytes.extracting($0.range))
            }
            expect(subject != nil, Required.subject)
        case .clientID: expect(try reader.readTextValue(bytes) != nil, Required.clientID)
        case .jti: expect(try reader.readTextValue(bytes) != nil, Required.tokenID)
        case .exp: expiry = try date(&reader, bytes)
        case .iat: issuedAt = try date(&reader, bytes)
        case .nbf: notBefore = try date(&reader, bytes)
        case .authTime: authenticatedAt = try date(&reader, bytes)
        case .scope:
            guard let text = try reader.readTextValue(bytes) else {
                isWrong = true
                return
            }
            isScopeGranted =
                text.hasEscapes
                ? scope.isGranted(by: text.unescaped(in: bytes).span)
                : scope.isGranted(by: bytes.extracting(text.range))
        default: try reader.skipValue(bytes)
        }
    }

    private mutating func expect(_ isGood: Bool, _ member: UInt16) {
        present |= member
        isWrong = isWrong || !isGood
    }

    private mutating func date(
        _ reader: inout JSONReader, _ bytes: Span<UInt8>
    ) throws(JSONFault) -> Instant? {
        let date = try reader.readNumericDate(bytes)
        if date == nil { isWrong = true }
        return date
    }
}

extension JSONName {
    fileprivate static let iss = Self("iss")
    fileprivate static let aud = Self("aud")
    fileprivate static let sub = Self("sub")
    fileprivate static let clientID = Self("client_id")
    fileprivate static let jti = Self("jti")
    fileprivate static let exp = Self("exp")
    fileprivate static let iat = Self("iat")
    fileprivate static let nbf = Self("nbf")
    fileprivate static let authTime = Self("auth_time")
    fileprivate static let scope = Self("scope")
}

extension JSONReader {
    /// Reads any value, and hands back a string, or `nil` for a value of another type.
    mutating func readTextValue(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONString? {
        guard peek(bytes) == UInt8(ascii: "\"") else {
            try skipValue(bytes)
            return nil
        }
        return try readString(bytes)
    }

    fileprivate mutating func readText(
        _ bytes: Span<UInt8>, equalTo text: [UInt8]
    ) throws(JSONFault) -> Bool {
        try readTextValue(bytes)?.equals(text.span, in: bytes) ?? false
    }

    /// Reads an `aud` claim: a string, or an array of strings one of which is ours (RFC 7519 section 4.1.3).
    fileprivate mutating func readAudience(
        _ bytes: Span<UInt8>, naming audience: [UInt8]
    ) throws(JSONFault) -> Bool {
        guard peek(bytes) == UInt8(ascii: "[") else { return try readText(bytes, equalTo: audience) }
        var (isNamed, isText) = (false, true)
        try readElements(bytes) { (reader) throws(JSONFault) in
            guard let element = try reader.readTextValue(bytes) else {
                isText = false
                return
            }
            if element.equals(audience.span, in: bytes) { isNamed = true }
        }
        return isNamed && isText
    }
}
