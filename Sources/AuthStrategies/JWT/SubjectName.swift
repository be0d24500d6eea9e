import AuthCore

/// A subject as the text of a `sub` claim: 36 characters in the form of a UUID, as identity providers send.
enum SubjectName {
    private static let prefix = Array("6ba7b810-9dad-41d1-80b4-".utf8)
    private static let digits = Array("0123456789abcdef".utf8)

    /// Subjects beyond 48 bits have no name.
    static func append(_ subject: Subject, to text: inout [UInt8]) {
        precondition(subject.id < 1 << 48)
        text.append(contentsOf: prefix)
        for shift in stride(from: 44, through: 0, by: -4) {
            text.append(digits[Int(subject.id >> shift & 15)])
        }
    }

    static func decode(_ text: Span<UInt8>) -> Subject? {
        guard text.count == 36, text.extracting(first: prefix.count).elementsEqual(prefix.span) else {
            return nil
        }
        var id: UInt64 = 0
        for index in prefix.count..<36 {
            // One subject, one name: capitals are another text.
            guard let digit = hexDigitValue(text[index]), text[index] & 0xE0 != 0x40 else { return nil }
            id = id << 4 | UInt64(digit)
        }
        return Subject(id: id)
    }
}
