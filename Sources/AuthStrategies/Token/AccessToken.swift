import AuthCore
import AuthText
import Backends

/// Issues access tokens in the shape of RFC 9068; one per client.
struct AccessTokenIssuer<Algorithm: TokenAlgorithm & ~Copyable>: ~Copyable {
    /// 96 random bits: two of a billion tokens share a `jti` with a probability of 10^-11.
    private static var tokenID_bytes: Int { 12 }

    private var signer: Algorithm
    private let header: TokenHeader
    private let beforeSubject: [UInt8]
    private let beforeScope: [UInt8]
    private let grantedScope: [UInt8]
    /// The user's own, behind a comma, and the closing brace.
    private let end: [UInt8]
    private static var beforeTokenID: String.UTF8View { #"","jti":""#.utf8 }

    init(
        _ signer: consuming Algorithm, keyID: String, policy: Policy, audience: String? = nil,
        type: String = "at+jwt"
    ) {
        let audience = audience ?? policy.audience
        header = TokenHeader(algorithm: Algorithm.name, keyID: keyID, type: type)
        beforeSubject = Array(#"{"iss":"\#(policy.issuer)","aud":"\#(audience)","sub":""#.utf8)
        beforeScope = Array(#"","client_id":"\#(policy.clientID)","scope":""#.utf8)
        grantedScope = Array(policy.grantedScope.utf8)
        end = Array((policy.claims.isEmpty ? "}" : ",\(policy.claims.members)}").utf8)
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
        let tokenID = try SecureRandom.bytes(Self.tokenID_bytes)
        return try sign(
            header.encoded, claims(subject, now, scope, authenticatedAt, lifetime_ms, tokenID, nil))
    }

    /// Issues a token to whoever has this name, which must need no escaping in JSON, as a whole header line.
    mutating func issue(toNamed name: String, at now: Instant, lifetime_ms: Int64) throws -> [UInt8] {
        let tokenID = try SecureRandom.bytes(Self.tokenID_bytes)
        return try sign(
            header.encoded,
            claims(Subject(id: 0), now, nil, now, lifetime_ms, tokenID, nil, named: Array(name.utf8)))
    }

    /// Issues a token that can be revoked, as a whole header line, with what a list knows it by.
    mutating func issueRevocable(
        to subject: Subject, at now: Instant, generation: Int64, authenticatedAt: Instant, lifetime_ms: Int64
    ) throws -> (line: [UInt8], entry: TokenEntry) {
        let tokenID = try SecureRandom.bytes(Self.tokenID_bytes)
        let line = try sign(
            header.encoded, claims(subject, now, nil, authenticatedAt, lifetime_ms, tokenID, generation))
        let expiry = Instant(milliseconds: (now.seconds + lifetime_ms / 1000) * 1000)
        let entry = TokenEntry(
            name: TokenName(Base64URL.encode(tokenID).span), subject: subject, generation: generation,
            authenticatedAt: authenticatedAt, expiry: expiry)
        return (line, entry)
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
        _ lifetime_ms: Int64, _ tokenID: [UInt8], _ generation: Int64?, named name: [UInt8]? = nil
    ) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(384 + end.count)
        json.append(contentsOf: beforeSubject)
        if let name { json.append(contentsOf: name) } else { SubjectName.append(subject, to: &json) }
        json.append(contentsOf: beforeScope)
        json.append(contentsOf: scope ?? grantedScope)
        json.append(contentsOf: Self.beforeTokenID)
        Base64URL.append(tokenID.span, to: &json)
        append(#"","iat":"#, now.seconds, to: &json)
        append(#","nbf":"#, now.seconds, to: &json)
        append(#","exp":"#, now.seconds + lifetime_ms / 1000, to: &json)
        append(#","auth_time":"#, authenticatedAt.seconds, to: &json)
        if let generation { append(#","gen":"#, generation, to: &json) }
        json.append(contentsOf: end)
        return json
    }

    private func append(_ name: StaticString, _ value: Int64, to json: inout [UInt8]) {
        json.append(contentsOf: String(describing: name).utf8)
        json.append(contentsOf: String(value).utf8)
    }
}

/// Decides on access tokens of one key; one per client.
///
/// The order is that of RFC 7515 section 5.2 and RFC 8725: form, header, signature over the received octets,
/// and only then the claims.
struct AccessTokenVerifier<Algorithm: TokenAlgorithm & ~Copyable>: ~Copyable {
    private var verifier: Algorithm
    private let header: TokenHeader
    private let rules: ClaimRules
    private var payload = [UInt8](repeating: 0, count: HeaderLine.longest_bytes)
    private var signature: [UInt8]
    init(_ verifier: consuming Algorithm, keyID: String, rules: ClaimRules) {
        header = TokenHeader(algorithm: Algorithm.name, keyID: keyID)
        self.rules = rules
        signature = [UInt8](repeating: 0, count: verifier.signature_bytes)
        self.verifier = verifier
    }

    /// A token found good, or why it was refused.
    enum Outcome {
        case accepted(Subject, authenticatedAt: Instant?)
        case refused(Refusal)
    }

    mutating func verify(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) -> Outcome {
        switch read(line, requiring: scope) {
        case .refused(let reason): return .refused(reason)
        case .claims(let claims):
            if let reason = claims.refusal(at: now, rules: rules) { return .refused(reason) }
            guard let subject = claims.subject else { return .refused(.wrongClaims) }
            return .accepted(subject, authenticatedAt: claims.authenticatedAt)
        }
    }

    /// What a list knows a token by, where it is good but for what it permits.
    struct Listed {
        var entry: TokenEntry?
        /// Why the token is refused, whatever a list says.
        var refusal: Refusal?
    }

    @inline(__always)
    mutating func verifyListed(
        _ line: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) -> Listed {
        switch read(line, requiring: scope) {
        case .refused(let reason): return Listed(refusal: reason)
        case .claims(let claims):
            let refusal = claims.refusal(at: now, rules: rules)
            guard refusal == nil || refusal == .insufficientScope else { return Listed(refusal: refusal) }
            guard let subject = claims.subject, let expiry = claims.expiry, let tokenID = claims.tokenID,
                let authenticatedAt = claims.authenticatedAt
            else { return Listed(refusal: .wrongClaims) }
            let name =
                tokenID.hasEscapes
                ? TokenName(tokenID.unescaped(in: payload.span).span)
                : TokenName(payload.span.extracting(tokenID.range))
            return Listed(
                entry: TokenEntry(
                    name: name, subject: subject, generation: claims.generation,
                    authenticatedAt: authenticatedAt, expiry: expiry), refusal: refusal)
        }
    }

    private enum Reading {
        case claims(AccessTokenClaims)
        case refused(Refusal)
    }

    /// Reads the claims behind a good signature, whatever they are.
    @inline(__always)
    private mutating func read(_ line: Span<UInt8>, requiring scope: Scope) -> Reading {
        guard let parts = BearerHeader.split(line), header.accepts(line.extracting(parts.header)),
            parts.signature.count == Base64URL.encodedCount(signature.count),
            Base64URLDecoding.decode(line.extracting(parts.signature), into: &signature) == signature.count
        else { return .refused(.malformed) }
        guard verifier.isValid(signature, for: line.extracting(parts.signingInput)) else {
            return .refused(.badSignature)
        }
        guard let count = Base64URLDecoding.decode(line.extracting(parts.payload), into: &payload) else {
            return .refused(.malformed)
        }
        do {
            return .claims(
                try AccessTokenClaims(
                    payload.span.extracting(first: count), rules: rules, requiring: scope))
        } catch { return .refused(.malformed) }
    }
}

/// The parts of checking an access token that need no key, each alone, on tokens as the JWT strategies issue them.
package struct AccessTokenReading {
    private let rules: ClaimRules
    private let header = TokenHeader(algorithm: HS256.name, keyID: strategyKeyID)
    /// One for each subject from 1 on.
    package let headerLines: [[UInt8]]
    package let payloads: [[UInt8]]
    private let now: Instant

    /// Issues tokens, one for each subject from 1 on.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - policy: what the tokens say and what is asked of them.
    ///   - now: when they are issued and read.
    /// - Throws: what OpenSSL reports.
    package init(count: Int, policy: Policy, at now: Instant) throws {
        let lifetime_ms = policy.lifetimes.token_ms
        var authority = try TokenAuthority<HS256>(
            policy: policy, lifetime_ms: lifetime_ms, keys: HS256.makeKeys(StrategyParameters()),
            foreignKeys: HS256.makeKeys(StrategyParameters()))
        headerLines = try (0..<count).map { try authority.issue(to: Subject(id: UInt64($0) + 1), at: now) }
        payloads = headerLines.map { line in
            guard let parts = BearerHeader.split(line.span) else { return [] }
            return Base64URL.decode(line.span.extracting(parts.payload)) ?? []
        }
        rules = ClaimRules(policy, lifetime_ms: lifetime_ms)
        self.now = now
    }

    /// Splits one header line and checks the token's JOSE header.
    ///
    /// - Returns: whether it is that of a token of ours.
    package func isHeaderRead(_ line: Span<UInt8>) -> Bool {
        guard let parts = BearerHeader.split(line) else { return false }
        return header.accepts(line.extracting(parts.header))
    }

    /// Reads one payload whole.
    ///
    /// - Returns: whether it says what it was issued with, and is good.
    package func areClaimsRead(_ payload: Span<UInt8>, of subject: Subject) -> Bool {
        do {
            let claims = try AccessTokenClaims(payload, rules: rules, requiring: .read)
            return claims.refusal(at: now, rules: rules) == nil
                && claims.subject == subject
        } catch { return false }
    }
}
