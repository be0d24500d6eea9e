import AuthCore
import AuthText
import Testing

@Suite("Base64url")
struct Base64URLTests {
    /// RFC 4648 section 10, without padding.
    @Test(
        "encodes and decodes the vectors of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, text: String) {
        let bytes = Array(plain.utf8)
        #expect(Base64URL.encode(bytes) == Array(text.utf8))
        #expect(Base64URL.decode(Array(text.utf8).span) == bytes)
        #expect(Base64URL.encodedCount(bytes.count) == text.utf8.count)
    }

    @Test("uses - and _ for the last two values")
    func urlAlphabet() {
        let bytes: [UInt8] = [0xFB, 0xFF, 0xBF]
        #expect(Base64URL.encode(bytes) == Array("-_-_".utf8))
    }

    @Test("round-trips every length and byte value")
    func roundTrip() {
        for count in 0...256 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            #expect(Base64URL.decode(Base64URL.encode(bytes).span) == bytes)
        }
    }

    @Test(
        "refuses padding, other alphabets, white space, impossible lengths and trailing bits",
        arguments: [
            "Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "a+b/", "Zm 9", "Zm9v\n", "Zm9\u{0}", "Zm9v.", "Zé9v",
        ])
    func refused(text: String) {
        #expect(Base64URL.decode(Array(text.utf8).span) == nil)
    }

    @Test("each 43-character text has one value: of 4 neighbours in the last place one is accepted")
    func oneTextOneValue() {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        let accepted = alphabet.filter { last in
            Base64URL.decode(Array((String(repeating: "A", count: 42) + String(last)).utf8).span) != nil
        }
        #expect(accepted.count == 16)
    }
}
