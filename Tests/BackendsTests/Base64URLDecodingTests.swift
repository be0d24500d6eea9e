import Backends
import Testing

@Suite("Base64url of the hot path")
struct Base64URLDecodingTests {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Decodes a group of four at a time, as RFC 4648 section 4 says it.
    private func reference(_ text: [UInt8]) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bits: [Int] = []
        for character in text {
            guard let value = Self.alphabet.firstIndex(of: character) else { return nil }
            bits += (0..<6).map { value >> (5 - $0) & 1 }
        }
        let whole = bits.count / 8 * 8
        guard bits[whole...].allSatisfy({ $0 == 0 }) else { return nil }
        return stride(from: 0, to: whole, by: 8).map { start in
            bits[start..<start + 8].reduce(0) { $0 << 1 | UInt8($1) }
        }
    }

    private func decode(_ text: [UInt8], _ way: Base64URLDecoding.Way) -> [UInt8]? {
        // A guard band, to see what is written beyond the room that the text asks for.
        var output = [UInt8](repeating: 0xA5, count: text.count * 3 / 4 + 32)
        let count = Base64URLDecoding.decode(text.span, into: &output, way)
        #expect(output[(text.count * 3 / 4)...].allSatisfy { $0 == 0xA5 })
        return count.map { Array(output[..<$0]) }
    }

    @Test("agrees with the definition at every length", arguments: [Base64URLDecoding.Way.best, .byBytes])
    func lengths(way: Base64URLDecoding.Way) {
        for count in 0..<100 {
            let text = (0..<count).map { Self.alphabet[($0 &* 37 &+ count) & 63] }
            #expect(decode(text, way) == reference(text))
            // The same with no bit set behind the last whole byte.
            let padded = text.isEmpty ? [] : text.dropLast() + [UInt8(ascii: "A")]
            #expect(decode(padded, way) == reference(padded))
        }
    }

    @Test(
        "agrees with the definition for every byte at every place",
        arguments: [Base64URLDecoding.Way.best, .byBytes])
    func bytes(way: Base64URLDecoding.Way) {
        for place in 0..<43 {
            for byte in UInt8.min...UInt8.max {
                var text = (0..<43).map { Self.alphabet[($0 &* 29) & 63] }
                text[42] = UInt8(ascii: "A")
                text[place] = byte
                #expect(decode(text, way) == reference(text))
            }
        }
    }

    @Test("refuses an output that is too short")
    func shortOutput() {
        var output = [UInt8](repeating: 0, count: 2)
        #expect(Base64URLDecoding.decode(Array("Zm9v".utf8).span, into: &output) == nil)
    }
}
