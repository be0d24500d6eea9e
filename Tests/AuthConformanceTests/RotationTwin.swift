import AuthCore
import AuthStrategies

/// What a broken twin of a token whose keys rotate does wrong.
enum RotationFlaw: String, CaseIterable, Sendable {
    /// An old key verifies for ever.
    case neverStops
    /// An old key verifies no more as soon as another one signs.
    case stopsEarly
    case neverRotates
    /// Each client makes its keys itself.
    case knowsOwnOnly

    @TaskLocal static var current: Self?
}

/// HS256 tokens whose keys rotate, with one hole or none.
struct RotationTwin: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "rotation-twin", title: "broken", transport: .bearer, revocation: .atExpiry,
        parameters: [.rotation()])

    struct Shared: Sendable {
        var inner: RotatingToken<HS256>.Shared
        var policy: Policy
        var flaw: RotationFlaw?
    }

    static func prepare(in environment: Environment) throws -> Shared {
        let flaw = RotationFlaw.current
        var policy = environment.policy
        // Without the parameter a key is as old as a token may be.
        if flaw == .neverRotates { policy.parameters = StrategyParameters() }
        let life_ms: Int64? =
            switch flaw {
            case .neverStops: 1_000_000_000_000
            case .stopsEarly: 0
            default: nil
            }
        return Shared(
            inner: try RotatingToken<HS256>.Shared(policy: policy, keyLife_ms: life_ms), policy: policy,
            flaw: flaw)
    }

    private var inner: RotatingToken<HS256>

    init(sharing shared: Shared) throws {
        let own =
            shared.flaw == .knowsOwnOnly
            ? try RotatingToken<HS256>.Shared(policy: shared.policy) : shared.inner
        inner = try RotatingToken<HS256>(sharing: own)
    }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try inner.login(subject, at: now)
    }

    mutating func authenticate(
        _ line: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        try inner.authenticate(line, requiring: scope, at: now)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try inner.renew(credential, at: now)
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {}
    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {}
    mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try inner.signOctets(octets) }
}
