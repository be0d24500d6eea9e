/// What a client holds after a sign-in.
public struct Credential: Sendable {
    /// The header line that the client sends with each request, as bytes without the final CRLF:
    /// `Cookie: …` or `Authorization: Bearer …`.
    public var headerLine: [UInt8]
    /// The token sent to renew the credential where that is another one than `headerLine` carries
    /// (a refresh token, RFC 6749 section 1.5); otherwise empty.
    public var refreshToken: [UInt8]

    public init(headerLine: [UInt8], refreshToken: [UInt8] = []) {
        self.headerLine = headerLine
        self.refreshToken = refreshToken
    }

    /// The same with one character changed in the second half of its header line, where the credential itself stands;
    /// which one depends on the subject.
    package func tampered(by subject: Subject) -> Self {
        var bent = self
        let half = headerLine.count / 2
        let index = half + Int(subject.id % UInt64(headerLine.count - half))
        bent.headerLine[index] =
            headerLine[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        return bent
    }
}

/// How a credential travels from the client to the server, and back to the client when it is issued.
public enum Transport: String, Sendable {
    /// Sent by the client as `Cookie:`, issued by the server as `Set-Cookie:` (RFC 6265).
    case cookie
    /// Sent by the client as `Authorization: Bearer`, issued in a response body (RFC 6750, RFC 6749 section
    /// 5.1).
    case bearer
    /// Never leaves the process.
    case none
}

/// The answer to one request.
///
/// A refused credential is a decision, never an error.
public enum Decision: Equatable, Sendable {
    case accepted(Subject)
    case refused(Refusal)
}

/// Why a credential was refused: for counters only.
///
/// A server answers all of them alike (RFC 6750 section 3.1).
public enum Refusal: UInt8, CaseIterable, Sendable {
    /// Not even the form of a credential.
    case malformed
    /// Well-formed, but never issued here or already revoked.
    case unknown
    case expired
    case badSignature
    /// Signed with a key of ours, but for another issuer, audience, type or moment.
    case wrongClaims
    case insufficientScope
    /// A refresh token that had been exchanged before (RFC 9700 section 4.14.2).
    case reused
}

/// The answer to a renewal.
public enum Renewal: Sendable {
    case renewed(Credential)
    case refused(Refusal)
}

/// A fault with which a strategy issues a credential on request, so that probes can present it.
public enum Flaw: Sendable, CaseIterable {
    /// Good in every respect, but made for another service.
    case wrongAudience
    /// Well-formed, but never issued by this server: a random identifier, or a signature by a foreign key.
    case unknown
}

/// Makes header lines that a strategy must refuse, for the probes of a workload.
public protocol HostileSource: Sendable {
    /// Makes the lines against the live key of a run.
    ///
    /// - Parameters:
    ///   - strategy: the strategy that will be shown them.
    ///   - shared: what its clients have in common.
    ///   - policy: what its tokens claim.
    /// - Returns: whole header lines, each of which must be refused; empty where there are none for this kind.
    /// - Throws: what the strategy throws.
    func lines<S: AuthStrategy & ~Copyable>(for strategy: S.Type, sharing shared: S.Shared, policy: Policy)
        throws
        -> [[UInt8]]
}
