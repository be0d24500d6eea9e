import AuthCore
import Backends

/// No authentication at all: its row is what the harness itself costs.
///
/// The credential is 16 bytes: subject, a check over it and the expiry, so that the probes are refused
/// without any cryptography or store. Nothing here protects anything. The identifier is not plain `null`,
/// because pandas reads that word as a missing value and would drop the row from every grouping.
public struct NullStrategy: AuthStrategy, ~Copyable {
    public static let descriptor = StrategyDescriptor(
        id: "null-baseline", title: "no check at all, to show what the measurement itself costs",
        transport: .none, revocation: .atExpiry
    )

    private static let length = 16

    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.absolute_ms)
    }

    public static func prepare(in environment: Environment) -> Int64 {
        environment.policy.lifetimes.absolute_ms
    }

    private let lifetime_ms: Int64

    public init(sharing lifetime_ms: Int64) {
        self.lifetime_ms = lifetime_ms
    }

    public mutating func login(_ subject: Subject, at now: Instant) -> Credential {
        var line: [UInt8] = []
        line.reserveCapacity(Self.length)
        let expiry = UInt64(bitPattern: now.milliseconds + lifetime_ms)
        line.append(subject.id, count: 6)
        line.append(check(subject.id, expiry), count: 2)
        line.append(expiry, count: 8)
        return Credential(headerLine: line)
    }

    public mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant)
        -> Decision
    {
        guard line.count == Self.length else { return .refused(.malformed) }
        let first = line.littleEndian(at: 0)
        let (subject, expiry) = (first & 0xFFFF_FFFF_FFFF, line.littleEndian(at: 8))
        guard check(subject, expiry) == first >> 48 else { return .refused(.unknown) }
        guard now.milliseconds < Int64(bitPattern: expiry) else { return .refused(.expired) }
        return .accepted(Subject(id: subject))
    }

    /// There is nothing to exchange: the same credential, as long as it is good.
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal {
        switch authenticate(credential.headerLine.span, requiring: .read, at: now) {
        case .accepted: .renewed(copy credential)
        case .refused(let reason): .refused(reason)
        }
    }

    public mutating func logout(_ credential: borrowing Credential, at now: Instant) {}

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}

    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) -> Credential {
        var credential = login(subject, at: now)
        credential.headerLine[6] ^= 0xFF
        return credential
    }

    /// Folds both numbers into 16 bits: any one byte changed changes it.
    private func check(_ subject: UInt64, _ expiry: UInt64) -> UInt64 {
        var fold = subject ^ expiry
        fold ^= fold >> 32
        return (fold ^ fold >> 16) & 0xFFFF
    }
}
