import AuthCore

/// A credential's header line taken apart: what every request has, and the secret in it.
struct CredentialLine {
    let line: [UInt8]
    /// Field name, and scheme or name of the cookie; empty for a line that is nothing but the secret.
    let prefix: [UInt8]
    let secret: [UInt8]

    init(_ line: [UInt8]) {
        self.line = line
        guard line.allSatisfy({ 0x20...0x7E ~= $0 }), let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let space = line.lastIndex(of: 0x20)
        else {
            (prefix, secret) = ([], line)
            return
        }
        var start = space + 1
        // A scheme's token may end with `=`; a cookie's name ends with one.
        if String(decoding: line[..<colon], as: UTF8.self).lowercased() == "cookie" {
            start = (line[start...].firstIndex(of: UInt8(ascii: "=")) ?? space) + 1
        }
        prefix = Array(line[..<start])
        secret = Array(line[start...])
    }

    /// Whether it is `Authorization: Bearer`, in whatever case.
    var isBearer: Bool { String(decoding: prefix, as: UTF8.self).lowercased() == "authorization: bearer " }

    private var text: String { String(decoding: secret, as: UTF8.self) }

    /// The secret changed in one place, in length or in form, none of which was ever issued.
    var bent: [(what: String, line: [UInt8])] {
        let step = max(1, secret.count / 512)
        var cases: [(String, [UInt8])] = stride(from: 0, to: secret.count, by: step).compactMap { index in
            var bent = secret
            guard let byte = other(than: secret[index]) else { return nil }
            bent[index] = byte
            return ("its byte \(index) changed", prefix + bent)
        }
        let forms: [(String, [UInt8])] = [
            ("without its last byte", secret.dropLast()),
            ("without its first byte", Array(secret.dropFirst())),
            ("half of it", Array(secret.prefix(secret.count / 2))),
            ("a single byte of it", Array(secret.prefix(1))),
            ("a byte longer", secret + [UInt8(ascii: "A")]),
            ("a byte before it", [UInt8(ascii: "A")] + secret),
            ("with a NUL behind it", secret + [0]), ("twice", secret + secret), ("nothing of it", []),
        ]
        cases += forms.map { ("the credential, \($0)", prefix + $1) }
        return cases + [("an empty line", [])]
    }

    /// Another character of the secret's alphabet, that differs in a bit which every decoder reads.
    private func other(than byte: UInt8) -> UInt8? {
        guard isText else { return byte ^ 0xFF }
        if isHexadecimal {
            guard let value = hexDigitValue(byte) else { return nil }
            return Array("0123456789abcdef".utf8)[Int(value ^ 8)]
        }
        guard let index = Self.alphabet.firstIndex(of: byte) else { return nil }
        return Self.alphabet[(index + 16) % 64]
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private var isText: Bool { secret.allSatisfy { 0x21...0x7E ~= $0 } }

    private var isHexadecimal: Bool {
        secret.allSatisfy { hexDigitValue($0) != nil || $0 == UInt8(ascii: "-") }
    }

    /// So many secrets of the same length and alphabet that nobody issued.
    func strangers(_ count: Int) -> [[UInt8]] {
        guard !prefix.isEmpty else { return [] }
        let letters = isHexadecimal ? Array("0123456789abcdef".utf8) : Self.alphabet
        return (0..<count).map { _ in
            prefix
                + secret.map { byte in
                    other(than: byte) == nil ? byte : letters[Int.random(in: letters.indices)]
                }
        }
    }

    /// The secret where it does not belong: another scheme, another field, twice in one request.
    var misplaced: [(what: String, line: [UInt8])] {
        guard !prefix.isEmpty else { return [] }
        let whole = String(decoding: line, as: UTF8.self)
        var lines = [
            "Authorization: Basic \(text)", "Authorization: \(text)", "X-\(whole)", "Proxy-\(whole)", text,
            "GET /?access_token=\(text)", "\(whole)\r\n\(whole)", "\(whole), \(text)", "\(whole)\r\nX: y",
        ]
        lines += isBearer ? ["Cookie: access_token=\(text)"] : ["Authorization: Bearer \(text)"]
        return lines.map { ("the credential as \($0.prefix(28))", Array($0.utf8)) }
    }

    // MARK: Bearer lines

    /// NEG-N: how a bearer token may not be written (RFC 6750 section 2.1).
    var hostileBearerLines: [String] {
        [
            "Authorization: Bearer\t\(text)", "Authorization: Bearer", "Authorization: Bearer ",
            "Authorization: \(text)", "Authorization: Basic \(text)",
            "Authorization: Bearer \(text), Bearer \(text)", "Authorization: Bearer \(text) x",
            "Authorization: Bearer access_token=\(text)", "Cookie: access_token=\(text)",
            "GET /?access_token=\(text)", "X-Authorization: Bearer \(text)", "",
            "Authorization : Bearer \(text)", "Authorization: Bearer \(text)\r\nX: y",
            "Authorization: Bearer \(text)\r\nAuthorization: Bearer \(text)",
            "Proxy-Authorization: Bearer \(text)",
        ]
    }

    /// The scheme and the field's name in another case (RFC 9110 sections 5.1 and 11.1).
    var otherCaseLines: [String] {
        ["authorization: bearer \(text)", "AUTHORIZATION: BEARER \(text)"]
    }

    /// Spaces behind the scheme (1*SP, RFC 9110 section 11.4) and white space behind the colon (section 5.5).
    var spacedLines: [String] {
        [
            "Authorization: Bearer  \(text)", "Authorization: Bearer    \(text)",
            "Authorization:Bearer \(text)",
            "Authorization:  Bearer \(text)", "Authorization:\tBearer \(text)",
            "authorization: \t bearer  \(text)",
        ]
    }
}
