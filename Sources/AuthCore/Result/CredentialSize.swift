/// What a strategy's credential weighs on the wire, in bytes of header lines without CRLF unless it says HTTP/2.
public struct CredentialSize: Sendable, Equatable {
    public var strategy: String
    /// What the credential says about its user, where it says anything.
    public var profile: ClaimProfile
    /// The header line's value without the scheme or the cookie's name.
    public var credential_bytes: Int
    public var requestHeader_bytes: Int
    /// The `Set-Cookie` line of a sign-in; 0 where the credential comes in a response body.
    public var responseHeader_bytes: Int
    /// The refresh token sent to renew, where that is another one than the credential.
    public var renewal_bytes: Int
    /// The request header field in HTTP/2, sent the first time on a connection; 0 for what is never sent.
    public var http2First_bytes: Int
    /// The same sent again on that connection.
    public var http2Repeat_bytes: Int
    /// Name and value within the 4096 bytes that RFC 6265 section 6.1 asks of a user agent.
    public var fitsCookie4096: Bool
    /// The request header line within 8192 bytes, the default limit of common servers.
    public var fitsHeader8192: Bool

    public init(strategy: StrategyDescriptor, profile: ClaimProfile, credential: Credential) {
        self.strategy = strategy.id
        self.profile = profile
        let line = credential.headerLine
        let separator = strategy.transport == .cookie ? UInt8(ascii: "=") : UInt8(ascii: " ")
        requestHeader_bytes = line.count
        switch strategy.transport {
        case .cookie, .bearer:
            // After "Cookie: name=" or "Authorization: Bearer ".
            let prefix = line.firstIndex(of: UInt8(ascii: " ")).map { line[($0 + 1)...] } ?? line[...]
            credential_bytes = prefix.firstIndex(of: separator).map { line.count - $0 - 1 } ?? prefix.count
        case .none: credential_bytes = line.count
        }
        responseHeader_bytes =
            strategy.transport == .cookie
            ? line.count - "Cookie: ".utf8.count + "Set-Cookie: ".utf8.count + Cookie.attributes.utf8.count
            : 0
        renewal_bytes = credential.refreshToken.count
        (http2First_bytes, http2Repeat_bytes) = Self.http2_bytes(line, sentAs: strategy.transport)
        fitsCookie4096 = line.count - "Cookie: ".utf8.count <= 4096
        fitsHeader8192 = line.count <= 8192
    }

    private static func http2_bytes(_ line: [UInt8], sentAs transport: Transport) -> (Int, Int) {
        let name: HPACK.Name
        switch transport {
        case .cookie: name = .cookie
        case .bearer: name = .authorization
        case .none: return (0, 0)
        }
        // After "Cookie: " or "Authorization: ".
        let value = line.dropFirst(name.name_bytes + 2)
        return (HPACK.first_bytes(name, value), HPACK.repeat_bytes(name, value))
    }
}

/// The session cookie (RFC 6265bis section 4.1.3, OWASP ASVS 5.0 section 3.3).
public enum Cookie {
    /// The prefix makes a browser insist on Secure, no Domain and Path=/.
    public static let name = "__Host-session"
    public static let attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax"
}
