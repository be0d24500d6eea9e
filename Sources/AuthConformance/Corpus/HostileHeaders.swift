import AuthCore
import Backends

extension TokenCorpus {
    /// NEG-F and NEG-G: keys, key identifiers, types and extensions named by the header.
    mutating func addHeaders() throws {
        let keyIDs = [
            #""../../dev/null""#, #""' OR 1=1 --""#, #""""#, "7", "null", "[]", #""2026-01 ""#, #""2026-1""#,
            #""２026-01""#, "\"" + String(repeating: "k", count: 3000) + "\"",
        ]
        for kid in keyIDs {
            let requirement = kid.hasPrefix("\"") ? "JWT-11" : "JWT-12"
            add("F", requirement, "kid \(kid.prefix(24))", try signed(header: genuine.header(["kid": kid])))
        }
        if genuine.header.contains("\"kid\"") {
            add("F", "JWT-11", "kid absent", try signed(header: genuine.header(["kid": GenuineToken.absent])))
        }
        let attackers: [(String, String)] = [
            ("jwk", #"{"kty":"oct","k":"c2VjcmV0"}"#), ("jku", #""https://evil.test/jwks""#),
            ("x5u", #""https://evil.test/cert""#), ("x5c", #"["MIIB"]"#),
        ]
        for (name, value) in attackers {
            // Signed with no key of ours: whoever believes the header would accept it.
            let header = genuine.header([name: value, "kid": #""evil""#])
            let token = "\(GenuineToken.encoded(header)).\(genuine.parts[1]).\(genuine.parts[2])"
            add("F", "JWT-13", "\(name) of an attacker", genuine.line(token))
        }
        let extensions = [
            #"["exp"]"#, #"["b64"]"#, "[]", #""exp""#, #"["unknown"]"#, #"["kid"]"#, "null", "{}",
        ]
        for value in extensions {
            add("G", "JWT-14", "crit \(value)", try signed(header: genuine.header(["crit": value])))
        }
        add(
            "G", "JWT-14", "b64 false",
            try signed(header: genuine.header(["crit": #"["b64"]"#, "b64": "false"])))
        for type in [#""JWT""#, #""refresh+jwt""#, #""id+jwt""#, #""""#, "null", "1", #""at+jwt ""#] {
            add("F", "JWT-15", "typ \(type)", try signed(header: genuine.header(["typ": type])))
        }
        add("F", "JWT-15", "typ absent", try signed(header: genuine.header(["typ": GenuineToken.absent])))
        for type in ["AT+JWT", "application/at+jwt"] {
            add(
                "F", "JWT-15", "typ \(type)", try signed(header: genuine.header(["typ": "\"\(type)\""])),
                isControl: true)
        }
        for (what, extra) in [
            ("alg twice", #","alg":"none""#), ("alg twice, escaped", #","\u0061lg":"none""#),
            ("kid twice", #","kid":"2026-01""#),
        ] {
            add("F", "JWT-06", "header with \(what)", try signed(header: genuine.header(appending: extra)))
        }
        for header in ["[]", "null", "\"x\"", "", "{", genuine.header + " {}", "\u{FEFF}" + genuine.header] {
            add("F", "JWT-05", "header \(header.prefix(12))", try signed(header: header))
        }
    }

    /// NEG-H: other encodings of the same token, and other numbers of parts.
    mutating func addEncodings() throws {
        let parts = genuine.parts
        func joined(_ parts: [String]) -> [UInt8] { genuine.line(parts.joined(separator: ".")) }
        for part in 0..<3 {
            for (what, change) in [
                ("padding", { $0 + "=" }), ("two of padding", { $0 + "==" }), ("a space", { $0 + " " }),
                ("a tab", { "\t" + $0 }), ("CRLF", { $0 + "\r\n" }), ("NUL", { $0 + "\0" }),
                ("a byte order mark", { "\u{FEFF}" + $0 }), ("%2E", { $0 + "%2E" }),
                ("an Arabic digit", { "٣" + $0 }),
                ("a plus", { "+" + $0.dropFirst() }), ("a slash", { "/" + $0.dropFirst() }),
                ("a length of 1 mod 4", { String($0.prefix($0.utf8.count / 4 * 4 - 3)) }),
            ] as [(String, (String) -> String)]
            // White space at the end of a field is none of its value (RFC 9110 section 5.5).
            where part < 2 || what != "a space" {
                var bent = parts
                bent[part] = change(bent[part])
                add("H", "JWT-02", "part \(part + 1) with \(what)", joined(bent))
                // The signed parts with a good signature over just these octets.
                if part < 2 {
                    add(
                        "H", "JWT-02", "part \(part + 1) signed with \(what)",
                        try signed(part: bent[0], bent[1]))
                }
            }
            var bent = parts
            if let trailing = Self.trailingBits(bent[part]) {
                bent[part] = trailing
                add("H", "JWT-02", "part \(part + 1) with trailing bits", joined(bent))
                if part < 2 {
                    add(
                        "H", "JWT-02", "part \(part + 1) signed with trailing bits",
                        try signed(part: bent[0], bent[1]))
                }
            }
            bent = parts
            bent[part] = ""
            add("H", "JWT-01", "part \(part + 1) empty", joined(bent))
        }
        for count in [0, 1, 2, 4, 5] {
            add("H", "JWT-01", "\(count) parts", joined((0..<count).map { parts[$0 % 3] }))
        }
        add("H", "JWT-01", "a dot at the end", joined(parts + [""]))
        add("H", "JWT-01", "a dot at the beginning", joined([""] + parts))
        add("H", "JWT-04", "a million dots", genuine.line(String(repeating: ".", count: 1_000_000)))
    }

    /// NEG-M: tokens of up to 16 MiB.
    mutating func addSizes(upTo longest_bytes: Int) throws {
        for size in [13 * 1024, 64 * 1024, 16 * 1024 * 1024] where size <= longest_bytes {
            let padding = String(repeating: "x", count: size)
            add(
                "M", "JWT-03", "a claim of \(size) bytes",
                try signed(claims: genuine.claims(appending: ",\"pad\":\"\(padding)\"")))
        }
        add(
            "M", "JWT-03", "a header of 64 KiB",
            try signed(
                header: genuine.header(appending: ",\"pad\":\"\(String(repeating: "x", count: 65536))\"")))
        add("M", "JWT-03", "a signature of 64 KiB", resigned(String(repeating: "A", count: 65536)))
    }

    /// The same part with a bit set that its last character does not carry; `nil` where all are used.
    private static func trailingBits(_ part: String) -> String? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        guard part.utf8.count % 4 != 0, let last = part.last, let value = alphabet.firstIndex(of: last) else {
            return nil
        }
        return String(part.dropLast()) + String(alphabet[value | 1])
    }
}
