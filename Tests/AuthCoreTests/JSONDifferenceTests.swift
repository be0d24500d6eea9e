import AuthCore
import AuthText
import Foundation
import Testing

/// Documents drawn from seeds, read by the strict reader and by Foundation.
@Suite("Strict JSON reader against Foundation")
struct JSONDifferenceTests {
    /// A value as both readers see it: numbers as doubles, `true` as 1, because Foundation says no more of it.
    private enum Value: Equatable {
        case text([UInt8])
        case number(Double)
        case object(Set<JSONName>)
        case array(Int)
        case null

        static func == (left: Self, right: Self) -> Bool {
            switch (left, right) {
            // Foundation rounds twice, by way of a decimal number.
            case (.number(let left), .number(let right)): abs(left - right) <= 1e-14 * abs(left)
            case (.text(let left), .text(let right)): left == right
            case (.object(let left), .object(let right)): left == right
            case (.array(let left), .array(let right)): left == right
            case (.null, .null): true
            default: false
            }
        }
    }

    @Test("reads the same names, strings, numbers and sizes from valid documents", arguments: 0..<400)
    func valid(seed: UInt64) throws {
        var generator = JSONDocument(seed: seed)
        let text = generator.object()
        let own = try #require(try? read(Array(text.utf8)), "\(text)")
        #expect(own == (try foundation(text)), "\(text)")
    }

    @Test("accepts nothing that Foundation does not read", arguments: 0..<400)
    func mutated(seed: UInt64) throws {
        var generator = JSONDocument(seed: seed)
        for _ in 0..<20 {
            var bytes = Array(generator.object().utf8)
            let index = Int.random(in: bytes.indices, using: &generator.random)
            switch Int.random(in: 0..<3, using: &generator.random) {
            case 0: bytes.remove(at: index)
            case 1: bytes.insert(bytes.randomElement(using: &generator.random) ?? 0, at: index)
            default: bytes[index] = UInt8.random(in: 0...255, using: &generator.random)
            }
            guard let own = try? read(bytes) else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            // Foundation refuses what no double holds; here a number is text until somebody asks.
            if text.contains(/[eE][-+]?[0-9]{3}/) { continue }
            #expect(own == (try? foundation(text)), "\(text)")
        }
    }

    @Test("refuses every document once it is spoilt", arguments: 0..<100)
    func spoilt(seed: UInt64) throws {
        var generator = JSONDocument(seed: seed)
        let text = generator.object(atLeast: 1)
        let inside = text.trimmingPrefix("{").dropLast()
        // A member of a name that no document has, so that only the fault named can be the reason.
        for wrong in [
            "\u{FEFF}\(text)", "{\(inside),}", "{,\(inside)}", "{\(inside),\"!\":1,\"!\":2}",
            #"{\#(inside),"!":1,"\u0021":2}"#, #"{\#(inside),"!":{"a":0,"a":0}}"#, "\(text)\(text)",
            "[\(text)]",
            "\(text),", "\(text)\0", "{\(inside),\"!\":01}", "{\(inside),\"!\":NaN}", "{\(inside),\"!\":'x'}",
            #"{\#(inside),"!":"\ud800"}"#, "{\(inside),\"!\":[1,]}", "{\(inside)/**/}", "{\(inside)",
        ] { #expect((try? read(Array(wrong.utf8))) == nil, "\(wrong)") }
    }

    /// Reads the members of the outermost object.
    private func read(_ bytes: [UInt8]) throws -> [JSONName: Value] {
        var members: [JSONName: Value] = [:]
        try JSONReader.readObject(bytes.span) { (name, reader) throws(JSONError) in
            members[name] = try Self.readValue(&reader, bytes.span)
        }
        return members
    }

    private static func readValue(
        _ reader: inout JSONReader, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Value {
        switch reader.peek(bytes) {
        case UInt8(ascii: "\""):
            return .text(try reader.readString(bytes).unescaped(in: bytes))
        case UInt8(ascii: "{"):
            var names: Set<JSONName> = []
            try reader.readMembers(bytes) { (name, reader) throws(JSONError) in
                names.insert(name)
                try reader.skipValue(bytes)
            }
            return .object(names)
        case UInt8(ascii: "["):
            var count = 0
            try reader.readElements(bytes) { (reader) throws(JSONError) in
                count += 1
                try reader.skipValue(bytes)
            }
            return .array(count)
        case let first where first == UInt8(ascii: "-") || 0x30...0x39 ~= first:
            let range = try reader.readNumber(bytes)
            return .number(Double(String(decoding: range.map { bytes[$0] }, as: UTF8.self)) ?? .nan)
        default:
            let first = reader.peek(bytes)
            try reader.skipValue(bytes)
            return first == UInt8(ascii: "n") ? .null : .number(first == UInt8(ascii: "t") ? 1 : 0)
        }
    }

    private func foundation(_ text: String) throws -> [JSONName: Value] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let members = try #require(object as? [String: Any])
        return Dictionary(uniqueKeysWithValues: try members.map { (Self.name($0), try Self.value($1)) })
    }

    private static func value(_ value: Any) throws -> Value {
        switch value {
        case let text as String: return .text(Array(text.utf8))
        case let object as [String: Any]: return .object(Set(object.keys.map(name)))
        case let array as [Any]: return .array(array.count)
        case is NSNull: return .null
        case let number as NSNumber: return .number(number.doubleValue)
        default: throw CocoaError(.coderInvalidValue)
        }
    }

    /// The name as the reader packs it, by having it read one.
    private static func name(_ text: String) -> JSONName {
        let bytes = Array("{\"".utf8) + text.utf8.flatMap(escaped) + Array("\":0}".utf8)
        var result = JSONName("")
        try? JSONReader.readObject(bytes.span) { (name, reader) throws(JSONError) in
            result = name
            try reader.skipValue(bytes.span)
        }
        return result
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case 0..<0x20: Array("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
        default: [byte]
        }
    }
}
