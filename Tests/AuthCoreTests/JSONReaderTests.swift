import AuthCore
import AuthText
import Foundation
import Testing

@Suite("Strict JSON reader")
struct JSONReaderTests {
    /// Checks a text and hands back what was wrong with it.
    private func fault(_ bytes: [UInt8]) -> JSONError? {
        do throws(JSONError) {
            try JSONReader.readObject(bytes.span) { (_, reader) throws(JSONError) in
                try reader.skipValue(bytes.span)
            }
            return nil
        } catch { return error }
    }

    private func fault(_ text: String) -> JSONError? { fault(Array(text.utf8)) }

    @Test(
        "accepts what RFC 8259 allows, as Foundation does",
        arguments: [
            #"{}"#, #" { "a" : 1 } "#, #"{"a":[],"b":{},"c":null,"d":true,"e":false,"f":""}"#,
            #"{"a":[1,-0,0.5,1e5,1E+5,1e-5,[[[]]]]}"#, #"{"\u0065xp":"\ud83d\ude00\n\/\\\""}"#,
            "{\"ключ\":\"ценность\"}", "{\n\t\"a\"\r:\n1}",
        ])
    func accepted(text: String) throws {
        #expect(fault(text) == nil)
        #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil)
    }

    @Test(
        "refuses what RFC 8259 does not allow",
        arguments: [
            "", " ", "[]", "1", "\"x\"", "null", "{", "}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#,
            #"{'a':1}"#, #"{a:1}"#, #"{"a":01}"#, #"{"a":+1}"#, #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":1e}"#,
            #"{"a":NaN}"#, #"{"a":Infinity}"#, #"{"a":tru}"#, #"{"a":[1,]}"#, #"{"a":"\x"}"#,
            #"{"a":"\u12"}"#,
            #"{"a":"\ud800"}"#, #"{"a":"\ude00\ud800"}"#, "{\"a\":\"\u{1}\"}", #"{"a":1} x"#, #"{"a":1}{}"#,
            #"{/**/"a":1}"#, "{\"a\":1}\u{0}",
        ])
    func refused(text: String) {
        #expect(fault(text) != nil)
    }

    @Test("refuses a byte order mark, UTF-16 and broken UTF-8")
    func encodings() {
        #expect(fault([0xEF, 0xBB, 0xBF] + Array("{}".utf8)) == .encoding)
        #expect(fault([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]) == .encoding)
        #expect(fault(Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)) == .encoding)
        #expect(fault(Array("{\"a\":\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8)) == .encoding)
    }

    @Test(
        "refuses a name that stands twice, also escaped, nested or long",
        arguments: [
            #"{"exp":1,"exp":2}"#, #"{"exp":1,"\u0065xp":2}"#, #"{"a":{"b":1,"b":1}}"#, #"{"":1,"":2}"#,
            #"{"a_name_longer_than_fifteen":1,"a_name_longer_than_fifteen":2}"#,
        ])
    func duplicates(text: String) {
        guard case .duplicateName = fault(text) else {
            Issue.record("accepted, or refused for another reason: \(text)")
            return
        }
    }

    @Test("takes names that differ in one byte or in length only for different ones")
    func nearDuplicates() {
        #expect(fault(#"{"a":1,"aa":2,"a\u0000":3,"b":4}"#) == nil)
        #expect(
            fault(#"{"a_name_longer_than_fifteen":1,"a_name_longer_than_fiftees":2,"a_name_longer":3}"#)
                == nil)
    }

    @Test("bounds depth and members")
    func limits() {
        let deep = JSONLimits.depth
        #expect(fault(#"{"a":"# + nested(deep - 1) + "}") == nil)
        #expect(fault(#"{"a":"# + nested(deep) + "}") == .tooDeep)
        #expect(fault(#"{"a":"# + nested(100_000) + "}") == .tooDeep)
        #expect(fault(object(members: JSONLimits.members)) == nil)
        #expect(fault(object(members: JSONLimits.members + 1)) == .tooManyMembers)
    }

    private func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    private func object(members: Int) -> String {
        "{" + (0..<members).map { "\"m\($0)\":0" }.joined(separator: ",") + "}"
    }

    @Test(
        "reads dates as seconds, whole, fractional or in exponent form",
        arguments: [
            ("1767225600", 1_767_225_600_000), ("0", 0), ("-1", -1000), ("1.5", 1500),
            ("1.767e9", 1_767_000_000_000),
            ("1.0015", 1001), ("1767225600123", 1_767_225_600_123_000),
            ("8999999999999", 8_999_999_999_999_000),
            ("7", 7000),
        ])
    func dates(text: String, milliseconds: Int64) throws {
        #expect(try date(text) == Instant(milliseconds: milliseconds))
    }

    @Test(
        "reads no date from another type or a number beyond any year",
        arguments: [
            "\"1767225600\"", "true", "null", "[1]", "{}", "1e308", "1e400", "9.3e18", "9223372036854775808",
            "9000000000000", "999999999999999",
        ])
    func noDates(text: String) throws {
        #expect(try date(text) == nil)
    }

    @Test(
        "reads counts in any form of a number",
        arguments: [
            ("0", 0), ("9", 9), ("12", 12), ("1767225600123", 1_767_225_600_123), ("1e2", 100), ("2.0", 2),
            ("-1", nil), ("0.5", nil), ("\"1\"", nil), ("null", nil), ("9000000000000", nil),
        ] as [(String, Int64?)])
    func counts(text: String, count: Int64?) throws {
        for json in ["{\"gen\":\(text)}", "{\"gen\":\(text),\"x\":1}", "{\"gen\": \(text) }"] {
            let bytes = Array(json.utf8)
            var read: [Int64?] = []
            try JSONReader.readObject(bytes.span) { (_, reader) throws(JSONError) in
                read.append(try reader.readCount(bytes.span))
            }
            #expect(read.first == count && read.count == (json.contains("x") ? 2 : 1), "\(json)")
        }
    }

    private func date(_ text: String) throws -> Instant? {
        let bytes = Array("{\"exp\":\(text)}".utf8)
        var date: Instant?
        try JSONReader.readObject(bytes.span) { (_, reader) throws(JSONError) in
            date = try reader.readNumericDate(bytes.span)
        }
        return date
    }

    @Test("unescapes strings as Foundation does")
    func strings() throws {
        let text = #"{"a":"tab\t quote\" slash\/ back\\ e-acute\u00e9 clef\ud834\udd1e end"}"#
        let bytes = Array(text.utf8)
        var own: [UInt8] = []
        try JSONReader.readObject(bytes.span) { (_, reader) throws(JSONError) in
            own = try reader.readString(bytes.span).unescaped(in: bytes.span)
        }
        let foundation = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String]
        #expect(String(decoding: own, as: UTF8.self) == foundation?["a"])
    }
}
