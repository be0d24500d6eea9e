import AuthCore

/// `size.csv`: one row for each strategy and claim profile.
package enum SizeTable {
    package static func columns(_ identity: RunIdentity) -> [Column<CredentialSize>] {
        identity.columns { $0.strategy } + [
            Column("claim_profile", .text, "What the credential says of its user.") {
                .text($0.profile.rawValue)
            },
            Column("credential_bytes", .count, "The credential without the cookie's name or the scheme.") {
                .integer(Int64($0.credential_bytes))
            },
            Column("request_header_bytes", .count, "The HTTP/1.1 request header line without CRLF.") {
                .integer(Int64($0.requestHeader_bytes))
            },
            Column(
                "response_header_bytes", .count,
                "The `Set-Cookie` line of a sign-in; 0 where the credential comes in a response body."
            ) { .integer(Int64($0.responseHeader_bytes)) },
            Column("renewal_bytes", .count, "The refresh token, where that is another than the credential.") {
                .integer(Int64($0.renewal_bytes))
            },
            Column("http2_first_bytes", .count, "The header field in HTTP/2 the first time (RFC 7541).") {
                .integer(Int64($0.http2First_bytes))
            },
            Column("http2_repeat_bytes", .count, "The same field again on one connection.") {
                .integer(Int64($0.http2Repeat_bytes))
            },
            Column("fits_cookie_4096", .flag, "Name and value within what a browser keeps (RFC 6265).") {
                .flag($0.fitsCookie4096)
            },
            Column("fits_header_8192", .flag, "The line within the default limit of common servers.") {
                .flag($0.fitsHeader8192)
            },
        ]
    }
}
