import AuthCore
import AuthText
import Backends
import Foundation

extension Contract.Place {
    /// The text that stands there.
    func text(in answer: borrowing HTTPMessage) throws -> [UInt8] {
        switch self {
        case .cookie(let name):
            let start = Array("\(name)=".utf8)
            var value: [UInt8]?
            answer.withEach("set-cookie") { line in
                let bytes = line.indices.map { line[$0] }
                guard bytes.starts(with: start) else { return }
                value = Array(bytes.dropFirst(start.count).prefix { $0 != UInt8(ascii: ";") })
            }
            guard let value, !value.isEmpty else {
                throw TargetError("the answer sets no cookie \(name)")
            }
            return value
        case .json(let pointer):
            let text = answer.withBody { body in
                JSONPointer.text(JSONPointer.tokens(pointer), in: Data(body.indices.map { body[$0] }))
            }
            guard let text, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                throw TargetError("the answer has no text at \(pointer) that fits a header line")
            }
            return Array(text.utf8)
        }
    }
}

/// Places in JSON texts (RFC 6901).
enum JSONPointer {
    /// The names and numbers on the way, as UTF-8.
    static func tokens(_ pointer: String) -> [[UInt8]] {
        pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            Array($0.replacing("~1", with: "/").replacing("~0", with: "~").utf8)
        }
    }

    static func text(_ tokens: [[UInt8]], in json: Data) -> String? {
        var value: Any? = try? JSONSerialization.jsonObject(with: json)
        for token in tokens.map({ String(decoding: $0, as: UTF8.self) }) {
            value =
                if let list = value as? [Any] {
                    Int(token).flatMap { list.indices ~= $0 ? list[$0] : nil }
                } else {
                    (value as? [String: Any])?[token]
                }
        }
        return value as? String
    }

    /// A whole number that stands at a place, or a text of its digits; made without memory of its own, because every answer is
    /// read so.
    static func number(_ tokens: [[UInt8]], in json: Span<UInt8>) -> UInt64? {
        var found: UInt64?
        do throws(JSONError) {
            var reader = try JSONReader(beginning: json)
            try descend(&reader, tokens[...], json, &found)
            return found
        } catch { return nil }
    }

    private static func descend(
        _ reader: inout JSONReader, _ tokens: ArraySlice<[UInt8]>, _ json: Span<UInt8>, _ found: inout UInt64?
    ) throws(JSONError) {
        reader.skipSpace(json)
        guard let token = tokens.first else {
            let range = try reader.readValue(json)
            found = DecimalText.number(json.extracting(range))
            return
        }
        guard reader.peek(json) == UInt8(ascii: "{") else { return try reader.skipValue(json) }
        try reader.readNamedMembers(json) { (name, reader) throws(JSONError) in
            if name.equals(token.span, in: json) {
                try descend(&reader, tokens.dropFirst(), json, &found)
            } else {
                try reader.skipValue(json)
            }
        }
    }
}

/// What a server does or says that its contract does not allow.
struct TargetError: Error, CustomStringConvertible {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    var description: String { "the target: \(reason)" }
}
