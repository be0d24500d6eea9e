import Testing

@testable import AuthCore

@Suite("HPACK")
struct HeaderCompressionTests {
    @Test(
        "measures integers as RFC 7541 section 5.1 and appendix C.1 write them",
        arguments: [
            (10, 5, 1), (1337, 5, 3), (42, 8, 1), (30, 5, 1), (31, 5, 2), (126, 7, 1), (127, 7, 2),
            (254, 7, 2), (255, 7, 3), (16_510, 7, 3), (16_511, 7, 4),
        ])
    func integers(value: Int, prefixBits: Int, count: Int) {
        #expect(HPACK.integer_bytes(value, prefixBits: prefixBits) == count)
    }

    /// The lengths that stand before the strings in RFC 7541 appendix C.4 and C.6, and one byte for each length.
    @Test(
        "measures strings as the examples of RFC 7541 encode them",
        arguments: [
            ("www.example.com", 12), ("no-cache", 6), ("custom-key", 8), ("custom-value", 9), ("302", 2),
            ("private", 5), ("Mon, 21 Oct 2013 20:13:21 GMT", 22), ("https://www.example.com", 17),
            ("307", 3), ("Mon, 21 Oct 2013 20:13:22 GMT", 22), ("gzip", 3),
            ("foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1", 45),
        ])
    func strings(text: String, length: Int) {
        #expect(HPACK.string_bytes(Array(text.utf8)) == 1 + length)
    }

    private static let session = "__Host-session="
    private static let tiny = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."

    /// The golden values come from hpack 4.2.0 for Python: `Encoder().encode([(name, value)], huffman=h)`, called
    /// twice, and of `h` true and false the smaller.
    @Test(
        "agrees with the hpack package, first and repeated",
        arguments: [
            ("cookie", session, "A", 43, 45, 1), ("cookie", session + "Zz9-_", "q7X", 13, 51, 1),
            ("authorization", "Bearer " + tiny, "k", 43, 97, 1),
            ("authorization", "Bearer ", "X", 500, 509, 1),
            ("authorization", "", "{}|~", 8, 34, 1), ("authorization", "", "a", 201, 128, 1),
            ("authorization", "", "a", 202, 130, 1), ("authorization", "", "w", 4051, 3549, 1),
            ("authorization", "", "w", 4052, 3550, 3550), ("cookie", "", "w", 4058, 3555, 1),
            ("cookie", "", "w", 4059, 3556, 3556), ("authorization", "", "e", 9216, 5764, 5764),
            ("cookie", "", "x", 1, 3, 1),
        ])
    func golden(
        name: String, start: String, unit: String, count: Int, first_bytes: Int, repeat_bytes: Int
    ) {
        let value = Array((start + String(repeating: unit, count: count)).utf8)
        let field = name == "cookie" ? HPACK.Name.cookie : .authorization
        #expect(HPACK.first_bytes(field, value) == first_bytes)
        #expect(HPACK.repeat_bytes(field, value) == repeat_bytes)
    }

    @Test("knows the code length of every byte: together they leave no code but the end of string")
    func kraft() {
        // Each code stands for 2^(30 - length) patterns of 30 bits, the end of string for one (Kraft's equality).
        // Eight copies of a byte take as many bytes as its code has bits.
        let lengths = (0...255).map { HPACK.huffman_bytes([UInt8](repeating: UInt8($0), count: 8)) }
        let patterns = lengths.reduce(1) { $0 + 1 << (30 - $1) }
        #expect(patterns == 1 << 30)
    }
}
