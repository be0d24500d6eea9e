/// What a strategy's credential weighs on the wire, in bytes of header lines without CRLF unless it says HTTP/2.
package struct CredentialSize: Sendable, Equatable {
    package var strategy: String
    /// What the credential says about its user, where it says anything.
    package var profile: ClaimProfile
    /// The header line's value without the scheme or the cookie's name.
    package var credential_bytes: Int
    package var requestHeader_bytes: Int
    /// The `Set-Cookie` line of a sign-in; 0 where the credential comes in a response body.
    package var responseHeader_bytes: Int
    /// The refresh token sent to renew, where that is another one than the credential.
    package var renewal_bytes: Int
    /// The request header field in HTTP/2, sent the first time on a connection; 0 for what is never sent.
    package var http2First_bytes: Int
    /// The same sent again on that connection.
    package var http2Repeat_bytes: Int
    /// Name and value within the 4096 bytes that RFC 6265 section 6.1 asks of a user agent.
    package var fitsCookie4096: Bool
    /// The request header line within 8192 bytes, the default limit of common servers.
    package var fitsHeader8192: Bool

    package init(strategy: StrategyDescriptor, profile: ClaimProfile, credential: Credential) {
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

/// What a header field weighs in HTTP/2, compressed with HPACK (RFC 7541).
package enum HPACK {
    /// A field name of the static table (appendix A), with its index there.
    package struct Name: Sendable {
        let index: Int
        let name_bytes: Int

        package static let authorization = Self(index: 23, name_bytes: "authorization".utf8.count)
        package static let cookie = Self(index: 32, name_bytes: "cookie".utf8.count)
    }

    /// The room of the dynamic table unless a peer asks for another (RFC 9113 section 6.5.2).
    static let table_bytes = 4096

    /// The bytes of a field sent the first time: a literal with incremental indexing (section 6.2.1).
    package static func first_bytes(_ name: Name, _ value: some Collection<UInt8>) -> Int {
        integer_bytes(name.index, prefixBits: 6) + string_bytes(value)
    }

    /// The bytes of the same field sent again on the connection.
    ///
    /// An entry that fits the table is named by its index (section 6.1), one byte for the 65 newest ones; a
    /// larger one is never kept (section 4.4), so that it goes over the wire whole each time.
    package static func repeat_bytes(_ name: Name, _ value: some Collection<UInt8>) -> Int {
        // Section 4.1.
        let entry_bytes = name.name_bytes + value.count + 32
        return entry_bytes <= table_bytes ? 1 : first_bytes(name, value)
    }

    /// The bytes of a string with its length (section 5.2), Huffman-coded where that is shorter.
    static func string_bytes(_ text: some Collection<UInt8>) -> Int {
        let content_bytes = min(text.count, huffman_bytes(text))
        return integer_bytes(content_bytes, prefixBits: 7) + content_bytes
    }

    /// The bytes of a text in Huffman code, the last one filled up with ones.
    static func huffman_bytes(_ text: some Collection<UInt8>) -> Int {
        (text.reduce(0) { $0 + Int(codeLengths[Int($1)]) } + 7) / 8
    }

    /// The bytes of an integer that begins in the last bits of a byte (section 5.1).
    static func integer_bytes(_ value: Int, prefixBits: Int) -> Int {
        let largest = (1 << prefixBits) - 1
        guard value >= largest else { return 1 }
        var (rest, count) = (value - largest, 2)
        while rest >= 128 {
            rest >>= 7
            count += 1
        }
        return count
    }

    /// The bits of each byte's code (appendix B).
    private static let codeLengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    ]
}
