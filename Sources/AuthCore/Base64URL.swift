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

    public static func isAlphabet(_ byte: UInt8) -> Bool { values[Int(byte)] != invalid }

    public static func append(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        let alphabet = alphabet
        var index = 0
        while index + 2 < bytes.count {
            let word = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
            text.append(alphabet[word >> 18])
            text.append(alphabet[word >> 12 & 63])
            text.append(alphabet[word >> 6 & 63])
            text.append(alphabet[word & 63])
            index += 3
        }
        switch bytes.count - index {
        case 1:
            text.append(alphabet[Int(bytes[index]) >> 2])
            text.append(alphabet[Int(bytes[index]) << 4 & 63])
        case 2:
            let word = Int(bytes[index]) << 8 | Int(bytes[index + 1])
            text.append(alphabet[word >> 10])
            text.append(alphabet[word >> 4 & 63])
            text.append(alphabet[word << 2 & 63])
        default: break
        }
    }

    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(encodedCount(bytes.count))
        append(bytes.span, to: &text)
        return text
    }

    /// Decodes into the front of `output`.
    ///
    /// - Returns: the number of bytes written, or `nil` when the text is not the one encoding of some bytes
    ///   or `output` is too short.
    public static func decode(_ text: Span<UInt8>, into output: inout [UInt8]) -> Int? {
        let byteCount = text.count * 3 / 4
        guard text.count % 4 != 1, byteCount <= output.count else { return nil }
        let values = values
        var bytes = output.mutableSpan
        var faults: UInt8 = 0
        var written = 0
        var index = 0
        while index + 3 < text.count {
            let (a, b) = (values[Int(text[index])], values[Int(text[index + 1])])
            let (c, d) = (values[Int(text[index + 2])], values[Int(text[index + 3])])
            faults |= a | b | c | d
            bytes[written] = a << 2 | b >> 4
            bytes[written + 1] = b << 4 | c >> 2
            bytes[written + 2] = c << 6 | d
            written += 3
            index += 4
        }
        if index < text.count {
            let (a, b) = (values[Int(text[index])], values[Int(text[index + 1])])
            bytes[written] = a << 2 | b >> 4
            faults |= a | b
            if index + 2 < text.count {
                let c = values[Int(text[index + 2])]
                bytes[written + 1] = b << 4 | c >> 2
                faults |= c | (c & 0b11 != 0 ? invalid : 0)
            } else {
                faults |= b & 0b1111 != 0 ? invalid : 0
            }
        }
        // Values are below 64, so a top bit comes only from a byte outside the alphabet or trailing bits.
        return faults & 0x80 == 0 ? byteCount : nil
    }

    /// Decodes into an array of its own; the way for texts outside a hot path.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: text.count * 3 / 4)
        return decode(text, into: &bytes) == nil ? nil : bytes
    }
}
