import AuthCore
import Backends

extension TokenCorpus {
    /// NEG-I: payloads that are no JSON, or JSON that two readers read differently; all signed.
    mutating func addJSON() throws {
        let claims = genuine.claims
        let texts: [(String, String, String)] = [
            ("JWT-06", "exp twice", genuine.claims(appending: ",\"exp\":9999999999")),
            ("JWT-06", "aud twice", genuine.claims(appending: ",\"aud\":\"x\"")),
            ("JWT-06", "exp twice, escaped", genuine.claims(appending: #","\u0065xp":9999999999"#)),
            ("JWT-05", "a trailing comma", String(claims.dropLast()) + ",}"),
            ("JWT-05", "a comment", "/* */" + claims),
            ("JWT-05", "single quotes", claims.replacing("\"", with: "'")),
            ("JWT-05", "a byte order mark", "\u{FEFF}" + claims), ("JWT-05", "two objects", claims + claims),
            ("JWT-05", "trailing garbage", claims + "x"), ("JWT-05", "an array", "[\(claims)]"),
            ("JWT-05", "null", "null"), ("JWT-05", "a string", "\"x\""), ("JWT-05", "a number", "1"),
            ("JWT-05", "nothing but space", " "), ("JWT-05", "half an object", String(claims.dropLast())),
            ("JWT-05", "a lone surrogate", genuine.claims(appending: #","x":"\ud800""#)),
            ("JWT-05", "a control character", genuine.claims(appending: ",\"x\":\"\u{1}\"")),
            ("JWT-05", "NaN", genuine.claims(appending: ",\"x\":NaN")),
            ("JWT-05", "Infinity", genuine.claims(appending: ",\"x\":Infinity")),
            ("JWT-05", "a number with a leading zero", genuine.claims(appending: ",\"x\":01")),
            ("JWT-05", "a number with a plus", genuine.claims(appending: ",\"x\":+1")),
            (
                "JWT-07", "2 000 levels",
                genuine.claims(
                    appending: ",\"x\":" + String(repeating: "[", count: 2000)
                        + String(repeating: "]", count: 2000))
            ),
            ("JWT-07", "many members", genuine.claims(appending: (0..<400).map { ",\"m\($0)\":1" }.joined())),
        ]
        for (requirement, what, text) in texts {
            add("I", requirement, "claims: \(what)", try signed(claims: text))
        }
        let latin = Array(genuine.claims(appending: ",\"x\":\"").utf8.dropLast()) + [0xFF, 0x22, 0x7D]
        add(
            "I", "JWT-05", "claims: invalid UTF-8",
            try signed(part: genuine.parts[0], GenuineToken.encoded(latin)))
        let wide = claims.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        add("I", "JWT-05", "claims: UTF-16", try signed(part: genuine.parts[0], GenuineToken.encoded(wide)))
        let nul = genuine.claims(["sub": #""\u0000""#])
        add("I", "JWT-30", "claims: sub of NUL", try signed(claims: nul))
        add(
            "I", "JWT-05", "claims in reverse order", try signed(claims: genuine.claims([:])), isControl: true
        )
    }

    /// NEG-J: dates.
    mutating func addTimes() throws {
        let now = Instant.traceStart.seconds
        let wrong = ["null", "\"\(now + 60)\"", "true", "[\(now + 60)]", "{}"]
        for value in wrong + ["0", "-1", "1e308", "9.3e18", "9223372036854775808", "9007199254740993"] {
            let requirement = wrong.contains(value) ? "JWT-27" : "JWT-24"
            add("J", requirement, "exp \(value)", try signed(claims: genuine.claims(["exp": value])))
        }
        add("J", "JWT-24", "exp missing", try signed(claims: genuine.claims(["exp": GenuineToken.absent])))
        add(
            "J", "JWT-24", "exp just now",
            try signed(claims: genuine.claims(["exp": "\(now)", "iat": "\(now - 9)", "nbf": "\(now - 9)"])))
        add(
            "J", "JWT-24", "exp a second ago",
            try signed(
                claims: genuine.claims(["exp": "\(now - 1)", "iat": "\(now - 9)", "nbf": "\(now - 9)"])))
        add(
            "J", "JWT-25", "exp in ten years",
            try signed(claims: genuine.claims(["exp": "\(now + 315_360_000)"])))
        add(
            "J", "JWT-25", "exp before iat",
            try signed(claims: genuine.claims(["exp": "\(now + 60)", "iat": "\(now + 61)"])))
        add("J", "JWT-26", "nbf in the future", try signed(claims: genuine.claims(["nbf": "\(now + 3600)"])))
        add(
            "J", "JWT-26", "iat in the future",
            try signed(claims: genuine.claims(["iat": "\(now + 600)", "nbf": GenuineToken.absent])))
        for name in ["nbf", "iat"] {
            for value in ["\"\(now)\"", "null", "true", "[]"] {
                add("J", "JWT-27", "\(name) \(value)", try signed(claims: genuine.claims([name: value])))
            }
        }
        let good = [("a fraction", "\(now + 60).5"), ("an exponent", "\(Double(now + 60) / 1e9)e9")]
        for (what, value) in good {
            add(
                "J", "JWT-27", "exp with \(what)", try signed(claims: genuine.claims(["exp": value])),
                isControl: true)
        }
    }

    /// NEG-K: issuer, audience, subject and the rest.
    mutating func addClaims() throws {
        let (audience, issuer) = (policy.audience, policy.issuer)
        let audiences = [
            "\"\"", "[]", "[1]", "{}", "null", "\"other\"", "[\"other\"]", "\"\(audience.dropLast())\"",
            "\"\(audience)/\"", "\"\(audience.uppercased())\"", "\" \(audience)\"",
            "\"\(audience.dropFirst())\"",
            "[[\"\(audience)\"]]", "\"x \(audience)\"", "[\"\(audience)\", 1]",
        ]
        for value in audiences {
            add("K", "JWT-28", "aud \(value)", try signed(claims: genuine.claims(["aud": value])))
        }
        add("K", "JWT-28", "aud missing", try signed(claims: genuine.claims(["aud": GenuineToken.absent])))
        add(
            "K", "JWT-28", "our aud among others",
            try signed(claims: genuine.claims(["aud": "[\"other\",\"\(audience)\"]"])), isControl: true)
        let issuers = [
            "\"\"", "[\"\(issuer)\"]", "null", "1", "\"\(issuer.dropLast())\"", "\"\(issuer)/\"",
            "\"\(issuer).evil.test\"",
            "\"\(issuer.uppercased())\"", "\"x\(issuer)\"", "{}",
        ]
        for value in issuers {
            add("K", "JWT-29", "iss \(value)", try signed(claims: genuine.claims(["iss": value])))
        }
        add("K", "JWT-29", "iss missing", try signed(claims: genuine.claims(["iss": GenuineToken.absent])))
        for name in ["sub", "client_id", "iat", "jti"] {
            add(
                "K", "JWT-30", "\(name) missing",
                try signed(claims: genuine.claims([name: GenuineToken.absent])))
            for value in ["7", "null", "[]"] where name != "iat" {
                add("K", "JWT-30", "\(name) \(value)", try signed(claims: genuine.claims([name: value])))
            }
        }
        let idToken = genuine.claims([
            "client_id": GenuineToken.absent, "nonce": "\"n\"", "scope": GenuineToken.absent,
        ])
        add(
            "K", "JWT-31", "the claims of an ID token",
            try signed(header: genuine.header(["typ": "\"JWT\""]), claims: idToken))
        let refresh = genuine.claims(["token_use": "\"refresh\"", "typ": "\"Refresh\""])
        add(
            "K", "JWT-31", "a refresh token in JWT form",
            try signed(header: genuine.header(["typ": "\"refresh+jwt\""]), claims: refresh))
    }

    /// NEG-L: other serialisations and encrypted tokens.
    mutating func addFormats() throws {
        let parts = genuine.parts
        let flattened = #"{"protected":"\#(parts[0])","payload":"\#(parts[1])","signature":"\#(parts[2])"}"#
        let general =
            #"{"payload":"\#(parts[1])","signatures":[{"protected":"\#(parts[0])","signature":"\#(parts[2])"}]}"#
        let encrypted = genuine.header(["alg": "\"dir\"", "enc": "\"A256GCM\""])
        let unsigned = "\(GenuineToken.encoded(#"{"alg":"none"}"#)).\(parts[1])."
        let texts: [(String, String)] = [
            ("flattened JSON", flattened), ("general JSON", general),
            ("JSON behind a compact prefix", parts.joined(separator: ".") + flattened),
            ("detached payload", "\(parts[0])..\(parts[2])"),
            (
                "five parts of an encrypted token",
                "\(GenuineToken.encoded(encrypted))..\(parts[0]).\(parts[1]).\(parts[2])"
            ),
            (
                "an encrypted token around an unsigned one",
                "\(GenuineToken.encoded(encrypted)).\(GenuineToken.encoded(unsigned)).\(parts[1]).AAAA.\(parts[2])"
            ),
        ]
        for (what, text) in texts { add("L", "JWT-32", what, genuine.line(text)) }
        let nested = try signed(
            header: genuine.header(["cty": "\"JWT\""]), claims: parts.joined(separator: "."))
        add("L", "JWT-32", "a token within a token", nested)
    }

    /// NEG-N: how the header line may be written, where the token is a bearer's.
    mutating func addTransports() {
        let credential = CredentialLine(genuine.line)
        guard credential.isBearer else { return }
        for line in credential.hostileBearerLines {
            add("N", "JWT-35", "the line \(line.prefix(28))", Array(line.utf8))
        }
    }
}
