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
        identity.columns { $0.costReport.strategy } + weights + store + exposure
            + identity.parameters { $0.costReport.strategy }
    }

    private static var weights: [Column<Row>] {
        [
            Column("claim_profile", .text, "The name of the claims that the credential carries.") {
                .text($0.size.profile.rawValue)
            },
            Column("credential_bytes", .count, "The credential without the cookie's name or the scheme.") {
                .integer(Int64($0.size.credential_bytes))
            },
            Column("request_header_bytes", .count, "The request's header line in HTTP/1.1, without CRLF.") {
                .integer(Int64($0.size.requestHeader_bytes))
            },
            Column(
                "response_header_bytes", .count,
                "The `Set-Cookie` line of a login; 0 where the credential comes in a response body."
            ) { .integer(Int64($0.size.responseHeader_bytes)) },
            Column("renewal_bytes", .count, "The refresh token; 0 where the credential renews itself.") {
                .integer(Int64($0.size.renewal_bytes))
            },
            Column(
                "http2_first_bytes", .count, "The header field in HTTP/2 when it is sent first (RFC 7541)."
            ) {
                .integer(Int64($0.size.http2First_bytes))
            },
            Column(
                "http2_repeat_bytes", .count,
                "The header field in HTTP/2 when the connection has sent it before."
            ) {
                .integer(Int64($0.size.http2Repeat_bytes))
            },
            Column(
                "fits_cookie_4096", .flag,
                "Whether name and value are within the 4096 bytes that a browser keeps (RFC 6265)."
            ) {
                .flag($0.size.fitsCookie4096)
            },
            Column(
                "fits_header_8192", .flag,
                "Whether the line is within the 8192 bytes that common servers allow."
            ) {
                .flag($0.size.fitsHeader8192)
            },
        ]
    }

    private static var exposure: [Column<Row>] {
        [
            Column(
                "exposure_theory_p50_ms", .optionalNumber,
                "How long a credential still works after a logout, p50: what the strategy promises and its lifetimes say, not measured. `authbench exposure` measures it."
            ) { .number($0.costReport.exposure?.quantile_ms(0.5), 1) },
            Column("exposure_theory_max_ms", .optionalNumber, "The longest such exposure.") {
                .number($0.costReport.exposure?.max_ms, 1)
            },
        ]
    }

    private static var store: [Column<Row>] {
        [
            Column(
                "store_bytes_per_session", .optionalNumber,
                "How much the store grows with each session: used_memory (Redis), or pages and write-ahead log (SQLite). Blank without a store or below \(StoreGrowth.minimumSessions) sessions."
            ) { .number($0.costReport.growth?.bytesPerSession, 1) },
            Column(
                "store_commands_per_login", .number, "Commands or statements that a login sends to the store."
            ) {
                .number($0.costReport.commands.perLogin, digits: 2)
            },
            Column(
                "store_commands_per_authenticate", .number,
                "Commands that an authentication sends when no touch is due."
            ) {
                .number($0.costReport.commands.perAuthenticate, digits: 2)
            },
            Column(
                "store_commands_per_touching_authenticate", .optionalNumber,
                "Commands that an authentication sends when it writes the last-seen moment too; blank where it never does."
            ) { .number($0.costReport.commands.perTouchingAuthenticate, 2) },
            Column("store_commands_per_renew", .number, "Commands that a renewal sends.") {
                .number($0.costReport.commands.perRenew, digits: 2)
            },
            Column("store_commands_per_logout", .number, "Commands that a logout sends.") {
                .number($0.costReport.commands.perLogout, digits: 2)
            },
        ]
    }
}
