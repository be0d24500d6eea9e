import AuthCore

/// Whether the rows of `size.csv` agree with themselves.
struct SizeCheck {
    private(set) var faults: [String] = []

    init(_ rows: [TableRow]) {
        for row in rows {
            let header = row.count("request_header_bytes") ?? 0
            if ClaimProfile(rawValue: row["claim_profile"]) == nil {
                faults.append(row.fault("claim_profile is \"\(row["claim_profile"])\", which is unknown"))
            }
            if row.count("credential_bytes") ?? 0 > header {
                faults.append(row.fault("credential_bytes is more than the header line around it"))
            }
            if row.flag("fits_header_8192") != (header <= 8192) {
                faults.append(row.fault("fits_header_8192 contradicts request_header_bytes"))
            }
            if row.flag("fits_cookie_4096"), row.count("credential_bytes") ?? 0 > 4096 {
                faults.append(row.fault("fits_cookie_4096 contradicts credential_bytes"))
            }
            if row.count("http2_repeat_bytes") ?? 0 > row.count("http2_first_bytes") ?? 0 {
                faults.append(row.fault("http2_repeat_bytes is more than http2_first_bytes"))
            }
        }
    }
}
