import AuthCore

/// `size.csv`: one row for each strategy and claim profile.
package enum SizeTable {
    package static func columns(_ identity: RunIdentity) -> [Column<CredentialSize>] {
        identity.columns { $0.strategy } + [
            Column("claim_profile") { .text($0.profile.rawValue) },
            Column("credential_bytes") { .integer(Int64($0.credential_bytes)) },
            Column("request_header_bytes") { .integer(Int64($0.requestHeader_bytes)) },
            Column("response_header_bytes") { .integer(Int64($0.responseHeader_bytes)) },
            Column("renewal_bytes") { .integer(Int64($0.renewal_bytes)) },
            Column("http2_first_bytes") { .integer(Int64($0.http2First_bytes)) },
            Column("http2_repeat_bytes") { .integer(Int64($0.http2Repeat_bytes)) },
            Column("fits_cookie_4096") { .flag($0.fitsCookie4096) },
            Column("fits_header_8192") { .flag($0.fitsHeader8192) },
        ]
    }
}
