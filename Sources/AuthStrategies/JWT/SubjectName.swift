import AuthCore

/// A subject as the text of a `sub` claim: 36 characters in the form of a UUID, as identity providers send.
enum SubjectName {
    private static let prefix: StaticString = "6ba7b810-9dad-41d1-80b4-"
    /// The prefix as words, for comparing.
    private static let words: (UInt64, UInt64, UInt64) = (
        0x3031_3862_3761_6236, 0x3134_2D64_6164_392D, 0x2D34_6230_382D_3164
    )
    private static let digits = Array("0123456789abcdef".utf8)

    /// Subjects beyond 48 bits have no name.
    static func append(_ subject: Subject, to text: inout [UInt8]) {
        precondition(subject.id < 1 << 48)
        text.append(contentsOf: String(describing: prefix).utf8)
        for shift in stride(from: 44, through: 0, by: -4) {
            text.append(digits[Int(subject.id >> shift & 15)])
        }
    }

    static func decode(_ text: Span<UInt8>) -> Subject? {
        guard text.count == 36, text.word(at: 0) == words.0, text.word(at: 8) == words.1,
            text.word(at: 16) == words.2, let high = text.word(at: 24).flatMap(hexadecimal),
            let low = text.word(at: 28).flatMap(hexadecimal)
        else { return nil }
        return Subject(id: high << 16 | low & 0xFFFF)
    }

    /// The number that eight hexadecimal digits stand for, the first of them in the lowest byte.
    ///
    /// One subject, one name: capitals are another text. All eight bytes are worked on at once; with the top bit set,
    /// nothing that is taken from one byte borrows from the next.
    private static func hexadecimal(_ word: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let top = ones << 7
        let (above0, above9) = ((word | top) &- ones &* 0x30, (word | top) &- ones &* 0x3A)
        let (aboveA, aboveF) = ((word | top) &- ones &* 0x61, (word | top) &- ones &* 0x67)
        let letters = aboveA & ~aboveF & top
        guard word & top == 0, (above0 & ~above9 & top) | letters == top else { return nil }
        var value = word & (ones &* 0x0F) &+ (letters >> 7) &* 9
        value = (value << 4 | value >> 8) & 0x00FF_00FF_00FF_00FF
        value = (value | value >> 8) & 0x0000_FFFF_0000_FFFF
        value = (value | value >> 16) & 0xFFFF_FFFF
        return value.byteSwapped >> 32
    }
}
