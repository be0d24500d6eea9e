import AuthCore

/// `size.csv`: one row for each strategy and claim profile.
package enum SizeTable {
    package struct Row {
        package var costReport: CostReport
        package var size: CredentialSize
    }

    package static func rows(_ costReports: [CostReport]) -> [Row] {
        costReports.flatMap { costReport in costReport.sizes.map { Row(costReport: costReport, size: $0) } }
    }

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.costReport.strategy } + weights + store
    }

    private static var weights: [Column<Row>] {
        [
            Column("claim_profile", .text, "What the credential says of its user.") {
                .text($0.size.profile.rawValue)
            },
            Column("credential_bytes", .count, "The credential without the cookie's name or the scheme.") {
                .integer(Int64($0.size.credential_bytes))
            },
            Column("request_header_bytes", .count, "The HTTP/1.1 request header line without CRLF.") {
                .integer(Int64($0.size.requestHeader_bytes))
            },
            Column(
                "response_header_bytes", .count,
                "The `Set-Cookie` line of a sign-in; 0 where the credential comes in a response body."
            ) { .integer(Int64($0.size.responseHeader_bytes)) },
            Column("renewal_bytes", .count, "The refresh token, where that is another than the credential.") {
                .integer(Int64($0.size.renewal_bytes))
            },
            Column("http2_first_bytes", .count, "The header field in HTTP/2 the first time (RFC 7541).") {
                .integer(Int64($0.size.http2First_bytes))
            },
            Column("http2_repeat_bytes", .count, "The same field again on one connection.") {
                .integer(Int64($0.size.http2Repeat_bytes))
            },
            Column("fits_cookie_4096", .flag, "Name and value within what a browser keeps (RFC 6265).") {
                .flag($0.size.fitsCookie4096)
            },
            Column("fits_header_8192", .flag, "The line within the default limit of common servers.") {
                .flag($0.size.fitsHeader8192)
            },
        ]
    }

    private static var store: [Column<Row>] {
        [
            Column(
                "store_bytes_per_session", .optionalNumber,
                "Slope of used_memory (Redis) or pages and write-ahead log (SQLite) over the loading population; blank without a store or below \(StoreGrowth.minimumSessions) sessions."
            ) { .number($0.costReport.growth?.bytesPerSession, 1) },
            Column("store_commands_per_login", .number, "Commands or statements counted on the way.") {
                .number($0.costReport.commands.perLogin, digits: 2)
            },
            Column("store_commands_per_authenticate", .number, "The same, when no touch is due.") {
                .number($0.costReport.commands.perAuthenticate, digits: 2)
            },
            Column(
                "store_commands_per_touching_authenticate", .optionalNumber,
                "The same, when the last-seen moment is due to be written; blank where it never is."
            ) { .number($0.costReport.commands.perTouchingAuthenticate, 2) },
            Column("store_commands_per_renew", .number, "The same for a renewal.") {
                .number($0.costReport.commands.perRenew, digits: 2)
            },
            Column("store_commands_per_logout", .number, "The same for a sign-out.") {
                .number($0.costReport.commands.perLogout, digits: 2)
            },
        ]
    }
}
