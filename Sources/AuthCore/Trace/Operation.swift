/// What a client does in one step of a trace.
public enum OperationKind: UInt8, CaseIterable, Sendable {
    case login, authenticate, renew, logout
    // Probes: a credential that must be refused is presented.
    case expired, tampered, wrongAudience, revoked, unknown

    /// The name in workload files and CSV rows.
    public var name: String {
        switch self {
        case .login: "login"
        case .authenticate: "authenticate"
        case .renew: "renew"
        case .logout: "logout"
        case .expired: "expired"
        case .tampered: "tampered"
        case .wrongAudience: "wrong_audience"
        case .revoked: "revoked"
        case .unknown: "unknown"
        }
    }

    /// Whether the step presents a credential that must be refused.
    public var isProbe: Bool { rawValue >= Self.expired.rawValue }
}

/// One step of a client: what, with the credential of which slot, and when on the trace's clock.
public struct Operation: Sendable, Equatable {
    public var kind: OperationKind
    /// Index into the client's own slots.
    public var slot: UInt32
    /// Milliseconds since the lap began.
    public var time_ms: UInt32
}
