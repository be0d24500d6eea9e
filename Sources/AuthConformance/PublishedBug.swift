/// A bug that another library shipped, and the requirements under which the kit tries it.
public struct PublishedBug: Sendable {
    public var id: String
    public var title: String
    public var requirements: [String]

    init(_ id: String, _ title: String, _ requirements: String...) {
        self.id = id
        self.title = title
        self.requirements = requirements
    }

    public static let all = [
        Self("CVE-2015-9235", "none, and RS256 taken for HS256", "JWT-09", "JWT-10"),
        Self("CVE-2018-0114", "a key embedded in the header is trusted", "JWT-13"),
        Self("CVE-2026-27962", "a key embedded in the header is trusted", "JWT-13"),
        Self("CVE-2020-28042", "an empty signature is accepted", "JWT-17"),
        Self("CVE-2020-26160", "a list for an audience goes unchecked", "JWT-28"),
        Self("CVE-2022-21449", "ECDSA with r = s = 0 is accepted", "JWT-20"),
        Self("CVE-2023-22482", "the audience is never checked", "JWT-28"),
        Self("CVE-2023-48238", "the algorithm is taken from the header", "JWT-08", "JWT-10"),
        Self("CVE-2026-22817", "the algorithm is taken from the header", "JWT-08", "JWT-10"),
        Self("CVE-2026-11800", "the algorithm is taken from the header", "JWT-08", "JWT-10"),
        Self("CVE-2026-48526", "the text of a JWK is an HMAC key", "JWT-10"),
        Self("CVE-2023-51774", "an encrypted token is taken for a signed one", "JWT-32"),
        Self("CVE-2024-53861", "the issuer is compared by containment", "JWT-29"),
        Self("CVE-2025-30204", "memory grows with the dots", "JWT-04"),
        Self("CVE-2025-61920", "segments without a limit", "JWT-03"),
        Self("CVE-2026-48525", "base64 work without a limit", "JWT-03"),
        Self("CVE-2025-59420", "an unknown critical extension is accepted", "JWT-14"),
        Self("CVE-2026-32597", "an unknown critical extension is accepted", "JWT-14"),
        Self("CVE-2026-29000", "an encrypted token around an unsigned one", "JWT-32"),
        Self("CVE-2026-56665", "no exp is valid for ever", "JWT-24"),
        Self("CVE-2019-20933", "a blank HMAC secret", "JWT-10", "JWT-18"),
    ]
}
