import AuthCore

/// How an operation came out against what the trace expected.
enum Verdict {
    /// A sign-in or sign-out that returned.
    case done
    case accepted, refused
    case falseAccept, falseReject, staleAccept

    /// Judges a decision on a credential that must be accepted, and as this subject.
    @inline(__always)
    init(_ decision: Decision, expecting subject: Subject) {
        switch decision {
        case .accepted(let other): self = other == subject ? .accepted : .falseAccept
        case .refused: self = .falseReject
        }
    }

    /// Judges a decision on a credential that must be refused.
    @inline(__always)
    init(probe kind: OperationKind, _ decision: Decision, of subject: Subject, promise: RevocationPromise) {
        switch decision {
        case .refused: self = .refused
        case .accepted(let other):
            let isPromised = kind == .revoked && promise == .atExpiry && other == subject
            self = isPromised ? .staleAccept : .falseAccept
        }
    }
}
