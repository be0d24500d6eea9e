/// What a header field weighs in HTTP/2, compressed with HPACK (RFC 7541).
public enum HPACK {
    /// A field name of the static table (appendix A), with its index there.
    public struct Name: Sendable {
        let index: Int
        let name_bytes: Int

        public static let authorization = Self(index: 23, name_bytes: "authorization".utf8.count)
        public static let cookie = Self(index: 32, name_bytes: "cookie".utf8.count)
    }

    /// The room of the dynamic table unless a peer asks for another (RFC 9113 section 6.5.2).
    static let table_bytes = 4096

    /// The bytes of a field sent the first time: a literal with incremental indexing (section 6.2.1).
    public static func first_bytes(_ name: Name, _ value: some Collection<UInt8>) -> Int {
        integer_bytes(name.index, prefixBits: 6) + string_bytes(value)
    }

    /// The bytes of the same field sent again on the connection.
    ///
    /// An entry that fits the table is named by its index (section 6.1), one byte for the 65 newest ones; a
    /// larger one is never kept (section 4.4), so that it goes over the wire whole each time.
    public static func repeat_bytes(_ name: Name, _ value: some Collection<UInt8>) -> Int {
        // Section 4.1.
        let entry_bytes = name.name_bytes + value.count + 32
        return entry_bytes <= table_bytes ? 1 : first_bytes(name, value)
    }

    /// The bytes of a string with its length (section 5.2), Huffman-coded where that is shorter.
    static func string_bytes(_ text: some Collection<UInt8>) -> Int {
        let content_bytes = min(text.count, huffman_bytes(text))
        return integer_bytes(content_bytes, prefixBits: 7) + content_bytes
    }

    /// The bytes of a text in Huffman code, the last one filled up with ones.
    static func huffman_bytes(_ text: some Collection<UInt8>) -> Int {
        (text.reduce(0) { $0 + Int(codeLengths[Int($1)]) } + 7) / 8
    }

    /// The bytes of an integer that begins in the last bits of a byte (section 5.1).
    static func integer_bytes(_ value: Int, prefixBits: Int) -> Int {
        let largest = (1 << prefixBits) - 1
        guard value >= largest else { return 1 }
        var (rest, count) = (value - largest, 2)
        while rest >= 128 {
            rest >>= 7
            count += 1
        }
        return count
    }

    /// The bits of each byte's code (appendix B).
    private static let codeLengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    ]
}
