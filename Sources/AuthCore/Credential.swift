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
