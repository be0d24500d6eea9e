import AuthCore
import AuthText
import Backends
import Synchronization

/// A JWT as `Token` issues it, whose key changes at fixed times: the `kid` says which key a token was signed with.
///
/// An old key verifies until the last token that it signed has expired, and then no more. All clients know a new key at once,
/// because keys are shared in this process, as they are in a fleet by a key set that is published before it is used.
package struct RotatingToken<Algorithm: TokenAlgorithm & ~Copyable>: AuthStrategy, ~Copyable {
    package static var descriptor: StrategyDescriptor {
        var descriptor = Token<Algorithm>.descriptor
        descriptor.title += ", keys rotating"
        descriptor.exemptions["JWT-21"] = "keys of one use, which it makes itself"
        descriptor.exemptions["JWT-22"] = "it makes its keys itself and takes no key set"
        descriptor.exemptions["JWT-34"] = nil
        return descriptor
    }

    /// The keys of the run and the policy.
    package struct Shared: Sendable {
        let ring: KeyRing<Algorithm>
        let foreignKeys: Algorithm.Keys
        let policy: Policy

        /// Makes the keys of the first tokens, so that nobody waits for them; others are made when their time comes.
        ///
        /// - Parameters:
        ///   - policy: how often keys rotate and how long tokens live.
        ///   - keyLife_ms: how long a key verifies after its last signature; `nil` for as long as a token lives.
        /// - Throws: `KeyRotationError` for keys that rotate too fast, or what OpenSSL reports.
        package init(policy: Policy, keyLife_ms: Int64? = nil) throws {
            let life_ms = policy.lifetimes.token_ms
            let interval_ms = policy.parameters.rotation_ms ?? life_ms
            if let fault = policy.rotationFault { throw KeyRotationError(description: fault) }
            ring = KeyRing(
                interval_ms: interval_ms, life_ms: keyLife_ms ?? life_ms, parameters: policy.parameters)
            let first = ring.period(at: .traceStart)
            for period in (first - 1)...(first + life_ms / interval_ms + 1) { _ = try ring.keys(of: period) }
            foreignKeys = try Algorithm.makeKeys(policy.parameters)
            self.policy = policy
        }
    }

    /// As with a key that does not rotate.
    package static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        Token<Algorithm>.longestExposure_ms(ofLoginAfter: revocation, under: policy)
    }

    package static func prepare(in environment: Environment) throws -> Shared {
        try Shared(policy: environment.policy)
    }

    /// What one client has of one key.
    private final class Holder {
        let period: Int64
        /// The header of its tokens, encoded.
        let header: [UInt8]
        /// From the first moment on that it signs, until it verifies no more.
        let use: Range<Instant>
        var authority: TokenAuthority<Algorithm>

        init(_ period: Int64, _ shared: Shared) throws {
            let keyID = KeyRing<Algorithm>.keyID(of: period)
            authority = try TokenAuthority(
                policy: shared.policy, lifetime_ms: shared.policy.lifetimes.token_ms,
                keys: try shared.ring.keys(of: period), foreignKeys: shared.foreignKeys, keyID: keyID)
            header = TokenHeader(algorithm: Algorithm.name, keyID: keyID).encoded
            use = shared.ring.use(of: period)
            self.period = period
        }
    }

    private let shared: Shared
    package let verificationKey: [UInt8]
    /// The newest first, because most tokens are of the newest keys.
    private var holders: [Holder] = []
    /// When this client last issued something.
    private var latest = Instant.traceStart

    package init(sharing shared: Shared) throws {
        let keys = try shared.ring.keys(of: shared.ring.period(at: .traceStart))
        self.shared = shared
        verificationKey = Algorithm.publicKey(of: keys)
    }

    @specialized(where Algorithm == HS256)
    @specialized(where Algorithm == RS256)
    package mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        Credential(headerLine: try signer(at: now).authority.issue(to: subject, at: now))
    }

    @specialized(where Algorithm == HS256)
    @specialized(where Algorithm == RS256)
    package mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        guard let holder = try verifier(of: headerLine, at: now) else { return .refused(.unknown) }
        return holder.authority.authenticate(headerLine, requiring: scope, at: now)
    }

    @specialized(where Algorithm == HS256)
    @specialized(where Algorithm == RS256)
    package mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        guard let holder = try verifier(of: credential.headerLine.span, at: now) else {
            return .refused(.unknown)
        }
        let absolute_ms = shared.policy.lifetimes.absolute_ms
        switch holder.authority.renewal(of: credential, at: now, absolute_ms: absolute_ms) {
        case .refused(let reason): return .refused(reason)
        case .granted(let subject, let authenticatedAt, let lifetime_ms):
            let line = try signer(at: now).authority.issue(
                to: subject, at: now, authenticatedAt: authenticatedAt, lifetime_ms: lifetime_ms)
            return .renewed(Credential(headerLine: line))
        }
    }

    /// Does nothing: the client forgets its token, and the server keeps nothing it could revoke.
    package mutating func logout(_ credential: borrowing Credential, at now: Instant) {}

    package mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}

    /// Signs with the key that this client last issued a token with, or else the first.
    package mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? {
        try signer(at: latest).authority.sign(octets)
    }

    package mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        try signer(at: now).authority.issueFlawed(flaw, to: subject, at: now)
    }

    package mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
        Credential(headerLine: try signer(at: now).authority.sample(of: profile, at: now))
    }

    /// What signs at this moment.
    private mutating func signer(at now: Instant) throws -> Holder {
        latest = now
        return try holder(of: shared.ring.period(at: now), at: now)
    }

    /// What verifies a token by its `kid`; `nil` where no key of that name verifies at this moment.
    ///
    /// Nobody is asked about an unknown name: a name says its time, and outside that it is refused at once. So strangers' names
    /// can make no client look for keys, and each key is fetched once by each client.
    private mutating func verifier(of line: Span<UInt8>, at now: Instant) throws -> Holder? {
        guard let parts = BearerHeader.split(line) else { return nil }
        let header = line.extracting(parts.header)
        for holder in holders {
            let own = holder.header
            if ByteSearch.areEqual(header, own.span) { return holder.use.contains(now) ? holder : nil }
        }
        guard header.count <= 1024, let bytes = Base64URL.decode(header),
            let period = KeyRing<Algorithm>.period(ofHeader: bytes),
            shared.ring.use(of: period).contains(now)
        else { return nil }
        return try holder(of: period, at: now)
    }

    private mutating func holder(of period: Int64, at now: Instant) throws -> Holder {
        if let holder = holders.first(where: { $0.period == period }) { return holder }
        let holder = try Holder(period, shared)
        // Keys that verify no more are let go when others come.
        holders.removeAll { $0.use.upperBound <= now }
        holders.insert(holder, at: holders.firstIndex { $0.period < period } ?? holders.endIndex)
        return holder
    }
}

/// The keys of all periods of the strategies' clock, each made once for all clients.
final class KeyRing<Algorithm: TokenAlgorithm & ~Copyable>: Sendable {
    private let interval_ms: Int64
    private let life_ms: Int64
    private let parameters: StrategyParameters
    private let made = Mutex<[Int64: Algorithm.Keys]>([:])

    init(interval_ms: Int64, life_ms: Int64, parameters: StrategyParameters) {
        (self.interval_ms, self.life_ms, self.parameters) = (interval_ms, life_ms, parameters)
    }

    /// The number of the period whose key signs at this moment.
    func period(at now: Instant) -> Int64 {
        let (quotient, remainder) = now.milliseconds.quotientAndRemainder(dividingBy: interval_ms)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// From when a key signs until it verifies no more: the period, and then the longest life of a token.
    func use(of period: Int64) -> Range<Instant> {
        let (begin_ms, isOver) = period.multipliedReportingOverflow(by: interval_ms)
        guard !isOver else { return Instant.traceStart..<Instant.traceStart }
        let begin = Instant(milliseconds: begin_ms)
        return begin..<begin.advanced(byMilliseconds: interval_ms).advanced(byMilliseconds: life_ms)
    }

    func keys(of period: Int64) throws -> Algorithm.Keys {
        try made.withLock { made in
            if let keys = made[period] { return keys }
            let keys = try Algorithm.makeKeys(parameters)
            made[period] = keys
            return keys
        }
    }

    static func keyID(of period: Int64) -> String { "k\(period)" }

    /// The period that the `kid` of a header names; `nil` for a name that is none of ours.
    static func period(ofHeader bytes: [UInt8]) -> Int64? {
        var name: [UInt8]?
        let fault = catchFault { () throws(JSONError) in
            try JSONReader.readObject(bytes.span) { (member, reader) throws(JSONError) in
                if member == JSONName("kid") {
                    name = try reader.readTextValue(bytes.span)?.unescaped(in: bytes.span)
                } else {
                    try reader.skipValue(bytes.span)
                }
            }
        }
        guard fault == nil, let name, name.first == UInt8(ascii: "k"), name.count <= 20 else { return nil }
        let text = String(decoding: name.dropFirst(), as: UTF8.self)
        // One period, one name: no sign and no leading zero.
        return Int64(text).flatMap { String($0) == text ? $0 : nil }
    }
}

/// Keys that rotate so fast that too many of them would have to be kept.
struct KeyRotationError: Error, CustomStringConvertible {
    var description: String
}
