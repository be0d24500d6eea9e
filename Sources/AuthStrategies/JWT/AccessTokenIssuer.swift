import AuthCore
import Backends

/// Issues access tokens in the shape of RFC 9068; one per client.
struct AccessTokenIssuer<Signer: TokenSigner & ~Copyable>: ~Copyable {
    /// 96 random bits: two of a billion tokens share a `jti` with a probability of 10^-11.
    private static var tokenID_bytes: Int { 12 }

    private var signer: Signer
    private let header: TokenHeader
    private let beforeSubject: [UInt8]
    private let beforeScope: [UInt8]
    private let grantedScope: [UInt8]
    private static var beforeTokenID: String.UTF8View { #"","jti":""#.utf8 }

    init(_ signer: consuming Signer, keyID: String, policy: Policy, audience: String? = nil) {
        let audience = audience ?? policy.audience
        header = TokenHeader(algorithm: Signer.algorithm, keyID: keyID)
        beforeSubject = Array(#"{"iss":"\#(policy.issuer)","aud":"\#(audience)","sub":""#.utf8)
        beforeScope = Array(#"","client_id":"\#(policy.clientID)","scope":""#.utf8)
        grantedScope = Array(policy.grantedScope.utf8)
        self.signer = signer
    }

    /// Issues a token as a whole `Authorization` header line.
    ///
    /// `scope` is what the policy grants unless another one is given, whose characters are those of RFC 6749 section 3.3.
    /// `iat` and `nbf` are `now`, `auth_time` is when the user last signed in, and `exp` is in whole seconds.
    mutating func issue(
        to subject: Subject, at now: Instant, scope: [UInt8]? = nil, authenticatedAt: Instant,
        lifetime_ms: Int64
    ) throws -> [UInt8] {
        try sign(header.encoded, try claims(subject, now, scope, authenticatedAt, lifetime_ms))
    }

    /// Signs any header and claims, as a whole `Authorization` header line.
    mutating func sign(_ text: ClaimProfileText) throws -> [UInt8] {
        try sign(Base64URL.encode(Array(text.header.utf8)), Array(text.claims.utf8))
    }

    /// Makes a compact JWS (RFC 7515 section 7.1) of an encoded header and a payload.
    private mutating func sign(_ encodedHeader: [UInt8], _ payload: [UInt8]) throws -> [UInt8] {
        var input = encodedHeader
        input.reserveCapacity(input.count + 2 * payload.count)
        input.append(UInt8(ascii: "."))
        Base64URL.append(payload.span, to: &input)
        let signature = try signer.sign(input)
        var line = BearerHeader.prefix
        line.reserveCapacity(line.count + input.count + 1 + Base64URL.encodedCount(signature.count))
        line.append(contentsOf: input)
        line.append(UInt8(ascii: "."))
        Base64URL.append(signature.span, to: &line)
        return line
    }

    mutating func sign(_ octets: [UInt8]) throws -> [UInt8] { try signer.sign(octets) }

    private func claims(
        _ subject: Subject, _ now: Instant, _ scope: [UInt8]?, _ authenticatedAt: Instant,
        _ lifetime_ms: Int64
    ) throws -> [UInt8] {
        let tokenID = try SecureRandom.bytes(Self.tokenID_bytes)
        var json: [UInt8] = []
        json.reserveCapacity(384)
        json.append(contentsOf: beforeSubject)
        SubjectName.append(subject, to: &json)
        json.append(contentsOf: beforeScope)
        json.append(contentsOf: scope ?? grantedScope)
        json.append(contentsOf: Self.beforeTokenID)
        Base64URL.append(tokenID.span, to: &json)
        append(#"","iat":"#, now.seconds, to: &json)
        append(#","nbf":"#, now.seconds, to: &json)
        append(#","exp":"#, now.seconds + lifetime_ms / 1000, to: &json)
        append(#","auth_time":"#, authenticatedAt.seconds, to: &json)
        json.append(UInt8(ascii: "}"))
        return json
    }

    private func append(_ name: StaticString, _ value: Int64, to json: inout [UInt8]) {
        json.append(contentsOf: String(describing: name).utf8)
        json.append(contentsOf: String(value).utf8)
    }
}
