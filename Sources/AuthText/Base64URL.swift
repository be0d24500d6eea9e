import AuthCore

/// Unpadded base64url (RFC 4648 section 5, RFC 7515 section 2), strict in what it accepts.
///
/// Foundation's decoder takes padding and non-zero trailing bits, so that one value has several texts;
/// a credential must have exactly one.
public enum Base64URL {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Marks a byte outside the alphabet in `values`.
    private static let invalid: UInt8 = 0xFF

    /// The 6-bit value of each byte.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: invalid, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// How many characters `count` bytes take.
    public static func encodedCount(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    /// Whether a text has no byte outside the alphabet.
    public static func isText(_ text: Span<UInt8>) -> Bool {
        let values = values.span.extracting(first: 256)
        guard values.count == 256 else { return false }
        var faults: UInt8 = 0
        for index in text.indices { faults |= values[Int(text[index])] }
        // Values are below 64, so a top bit comes only from a byte outside the alphabet.
        return faults & 0x80 == 0
    }

    public static func append(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        var written = text.count
        text.append(contentsOf: repeatElement(0, count: encodedCount(bytes.count)))
        let table = alphabet.span.extracting(first: 64)
        var text = text.mutableSpan
        // The compiler leaves out the checks of what it knows: that the table is whole, that a count is not negative.
        let (room, count) = (text.count, bytes.count)
        guard table.count == 64, room >= 0, count >= 0 else { return }
        var index = 0
        while index &+ 3 <= count, written &+ 4 <= room {
            let word =
                Int(bytes[index]) << 16 | Int(bytes[index &+ 1]) << 8 | Int(bytes[index &+ 2])
            text[written] = table[word >> 18]
            text[written &+ 1] = table[word >> 12 & 63]
            text[written &+ 2] = table[word >> 6 & 63]
            text[written &+ 3] = table[word & 63]
            index &+= 3
            written &+= 4
        }
        guard index < count else { return }
        let (first, second) = (Int(bytes[index]), index + 1 < count ? Int(bytes[index + 1]) : 0)
        text[written] = table[first >> 2]
        text[written + 1] = table[(first << 4 | second >> 4) & 63]
        if index + 1 < count { text[written + 2] = table[second << 2 & 63] }
    }

    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(encodedCount(bytes.count))
        append(bytes.span, to: &text)
        return text
    }

    /// Decodes a whole text.
    ///
    /// - Returns: the bytes, or `nil` when the text is not the one encoding of some bytes.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1, isText(text) else { return nil }
        let values = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var (bits, held): (UInt32, UInt32) = (0, 0)
        for index in text.indices {
            bits = bits << 6 | UInt32(values[Int(text[index])])
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        // Bits behind the last whole byte must be zero: each value has one text.
        return bits & (1 << held - 1) == 0 ? bytes : nil
    }
}
