/// A strict reader over the bytes of one JSON text (RFC 8259): no allocation, no leniency.
///
/// The bytes are passed to each call, because a type that holds a `Span` cannot be built without an
/// experimental compiler flag; the reader is only the position.
public struct JSONReader: Sendable {
    public internal(set) var index = 0
    private var depth = 0

    public init() {}

    init(at index: Int) { self.index = index }

    /// Reads a whole text that must be one object, handing each member's name to `visit`, which must read the
    /// value.
    ///
    /// - Parameters:
    ///   - bytes: the text, checked for UTF-8 first.
    ///   - visit: called once for each member of the outermost object.
    /// - Throws: `JSONFault`, at the first thing that is not as it should be.
    public static func readObject(
        _ bytes: Span<UInt8>,
        _ visit: (JSONName, inout JSONReader) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        do { _ = try UTF8Span(validating: bytes) } catch { throw .encoding }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { throw .encoding }
        var reader = JSONReader()
        reader.skipSpace(bytes)
        try reader.readMembers(bytes, visit)
        reader.skipSpace(bytes)
        if reader.index != bytes.count { throw .syntax(offset: reader.index) }
    }

    /// Reads an object from its opening brace to its closing one.
    public mutating func readMembers(
        _ bytes: Span<UInt8>,
        _ visit: (JSONName, inout JSONReader) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try enter(bytes, UInt8(ascii: "{"))
        var names = InlineArray<64, JSONName>(repeating: JSONName())
        var count = 0
        if try !closes(bytes, UInt8(ascii: "}")) {
            repeat {
                skipSpace(bytes)
                let offset = index
                let name = try readName(bytes)
                for other in 0..<count where names[other] == name { throw .duplicateName(offset: offset) }
                if count == JSONLimits.members { throw .tooManyMembers }
                names[count] = name
                count += 1
                skipSpace(bytes)
                try expect(bytes, UInt8(ascii: ":"))
                skipSpace(bytes)
                try visit(name, &self)
            } while try continues(bytes, UInt8(ascii: "}"))
        }
        depth -= 1
    }

    /// Reads an array from bracket to bracket, calling `visit` at the start of each element.
    public mutating func readElements(
        _ bytes: Span<UInt8>,
        _ visit: (inout JSONReader) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try enter(bytes, UInt8(ascii: "["))
        if try !closes(bytes, UInt8(ascii: "]")) {
            repeat {
                skipSpace(bytes)
                try visit(&self)
            } while try continues(bytes, UInt8(ascii: "]"))
        }
        depth -= 1
    }

    /// Checks a value of any kind and passes over it.
    public mutating func skipValue(_ bytes: Span<UInt8>) throws(JSONFault) {
        switch peek(bytes) {
        case UInt8(ascii: "{"):
            try readMembers(bytes) { (_, reader) throws(JSONFault) in try reader.skipValue(bytes) }
        case UInt8(ascii: "["):
            try readElements(bytes) { (reader) throws(JSONFault) in try reader.skipValue(bytes) }
        case UInt8(ascii: "\""): _ = try readString(bytes)
        case UInt8(ascii: "t"): try expect(bytes, "true")
        case UInt8(ascii: "f"): try expect(bytes, "false")
        case UInt8(ascii: "n"): try expect(bytes, "null")
        default: _ = try readNumber(bytes)
        }
    }

    /// The byte at the position, or 0 (which starts no value) at the end.
    public func peek(_ bytes: Span<UInt8>) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

    public mutating func skipSpace(_ bytes: Span<UInt8>) {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    mutating func advance() { index += 1 }

    mutating func expect(_ bytes: Span<UInt8>, _ byte: UInt8) throws(JSONFault) {
        guard index < bytes.count, bytes[index] == byte else { throw .syntax(offset: index) }
        index += 1
    }

    private mutating func expect(_ bytes: Span<UInt8>, _ word: StaticString) throws(JSONFault) {
        for byte in String(describing: word).utf8 { try expect(bytes, byte) }
    }

    private mutating func enter(_ bytes: Span<UInt8>, _ bracket: UInt8) throws(JSONFault) {
        try expect(bytes, bracket)
        depth += 1
        if depth > JSONLimits.depth { throw .tooDeep }
    }

    private mutating func closes(_ bytes: Span<UInt8>, _ bracket: UInt8) throws(JSONFault) -> Bool {
        skipSpace(bytes)
        guard peek(bytes) == bracket else { return false }
        index += 1
        return true
    }

    private mutating func continues(_ bytes: Span<UInt8>, _ bracket: UInt8) throws(JSONFault) -> Bool {
        if try closes(bytes, bracket) { return false }
        try expect(bytes, UInt8(ascii: ","))
        return true
    }
}
