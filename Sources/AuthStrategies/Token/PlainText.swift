/// Texts that go into a token as they are given, without escaping.
enum PlainText {
    static let rule = "only printable ASCII without space, quote and backslash is taken"
    static let longestKeyID = 128

    /// Takes a name of 1 to so many of the characters of scope tokens (RFC 6749 section 3.3).
    ///
    /// None of them has to be escaped in JSON.
    static func name(_ bytes: some Collection<UInt8>, upTo longest: Int = 1024) -> String? {
        guard 1...longest ~= bytes.count, bytes.allSatisfy(isPlain) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes what a user has given as an issuer, audience, scope or key identifier.
    @discardableResult
    static func check(_ text: String, _ role: String, upTo longest: Int = 1024) throws(TokenTextFault)
        -> String
    {
        guard let name = name(text.utf8, upTo: longest) else {
            throw TokenTextFault(
                description: "the \(role) is empty, longer than \(longest) bytes or unfit: \(rule)")
        }
        return name
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        0x21...0x7E ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}

/// A text that cannot stand in a token as it is.
package struct TokenTextFault: Error, CustomStringConvertible {
    package var description: String
}
