import AuthCore

/// A strict reader over the bytes of one JSON text (RFC 8259): no allocation, no leniency.
///
/// The bytes are passed to each call, because a type that holds a `Span` cannot be built without an
/// experimental compiler flag; the reader is only the position. Its parts are inlinable, so that a reader of claims
/// becomes one loop with the position in a register.
public struct JSONReader: Sendable {
    @usableFromInline var position = 0
    @usableFromInline var depth = 0

    init(at index: Int) { position = index }

    /// Reads a whole text that must be one object, handing each member's name to `visit`, which must read the
    /// value.
    ///
    /// - Parameters:
    ///   - bytes: the text, checked for UTF-8 first.
    ///   - visit: called once for each member of the outermost object.
    /// - Throws: `JSONError`, at the first thing that is not as it should be.
    public static func readObject(
        _ bytes: Span<UInt8>,
        _ visit: (JSONName, inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        var reader = try JSONReader(beginning: bytes)
        try reader.readMembers(bytes, visit)
        try reader.finish(bytes)
    }

    /// Checks that a whole text is UTF-8 and goes to where its value begins.
    @inlinable
    public init(beginning bytes: Span<UInt8>) throws(JSONError) {
        do { _ = try UTF8Span(validating: bytes) } catch { throw .encoding }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { throw .encoding }
        skipSpace(bytes)
    }

    /// Checks that nothing stands behind the value.
    @inlinable
    public mutating func finish(_ bytes: Span<UInt8>) throws(JSONError) {
        skipSpace(bytes)
        if position != bytes.count { throw .syntax(offset: position) }
    }

    /// Reads an object from its opening brace to its closing one.
    public mutating func readMembers(
        _ bytes: Span<UInt8>,
        _ visit: (JSONName, inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        var members = try JSONMembers(&self, bytes)
        while let name = try members.next(&self, bytes) { try visit(name, &self) }
    }

    /// Reads an object like `readMembers`, for names that nobody knows beforehand: hands over where each stands.
    public mutating func readNamedMembers(
        _ bytes: Span<UInt8>,
        _ visit: (JSONString, inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        var members = try JSONMembers(&self, bytes)
        while try members.next(&self, bytes) != nil {
            var back = JSONReader(at: members.offsets[members.count - 1])
            try visit(try back.readString(bytes), &self)
        }
    }

    /// Reads an array from bracket to bracket, calling `visit` at the start of each element.
    public mutating func readElements(
        _ bytes: Span<UInt8>,
        _ visit: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
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
    public mutating func skipValue(_ bytes: Span<UInt8>) throws(JSONError) {
        switch peek(bytes) {
        case UInt8(ascii: "{"):
            try readMembers(bytes) { (_, reader) throws(JSONError) in try reader.skipValue(bytes) }
        case UInt8(ascii: "["):
            try readElements(bytes) { (reader) throws(JSONError) in try reader.skipValue(bytes) }
        case UInt8(ascii: "\""): _ = try readString(bytes)
        case UInt8(ascii: "t"): try expect(bytes, "true")
        case UInt8(ascii: "f"): try expect(bytes, "false")
        case UInt8(ascii: "n"): try expect(bytes, "null")
        default: _ = try readNumber(bytes)
        }
    }

    /// Checks a value of any kind, and says where it stands.
    public mutating func readValue(_ bytes: Span<UInt8>) throws(JSONError) -> Range<Int> {
        let start = position
        try skipValue(bytes)
        return start..<position
    }

    /// The byte at the position, or 0 (which starts no value) at the end.
    @inlinable
    @inline(__always)
    public func peek(_ bytes: Span<UInt8>) -> UInt8 { bytes.byte(at: position) }

    /// Reads a byte if it is the next one.
    @inlinable
    @inline(__always)
    mutating func takes(_ bytes: Span<UInt8>, _ byte: UInt8) -> Bool {
        guard peek(bytes) == byte else { return false }
        position &+= 1
        return true
    }

    @inlinable
    @inline(__always)
    public mutating func skipSpace(_ bytes: Span<UInt8>) {
        // Compact texts have none, so that one comparison is all.
        if peek(bytes) <= 0x20 { aside { reader in reader.skipAllSpace(bytes) } }
    }

    /// Lets something rare go on from here.
    ///
    /// It is given a copy, because a position whose address is handed out, however seldom, is kept in memory.
    @inlinable
    @inline(__always)
    public mutating func aside<Value, Failure: Error>(
        _ body: (inout JSONReader) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var copy = self
        let value = try body(&copy)
        self = copy
        return value
    }

    @usableFromInline
    mutating func skipAllSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
            default: return
            }
        }
    }

    mutating func advance() { position &+= 1 }

    @inlinable
    @inline(__always)
    mutating func expect(_ bytes: Span<UInt8>, _ byte: UInt8) throws(JSONError) {
        // No byte that is expected is 0, which stands for the end.
        guard takes(bytes, byte) else { throw .syntax(offset: position) }
    }

    private mutating func expect(_ bytes: Span<UInt8>, _ word: StaticString) throws(JSONError) {
        for byte in String(describing: word).utf8 { try expect(bytes, byte) }
    }

    @inlinable
    mutating func enter(_ bytes: Span<UInt8>, _ bracket: UInt8) throws(JSONError) {
        try expect(bytes, bracket)
        depth += 1
        if depth > JSONLimits.depth { throw .tooDeep }
    }

    @inlinable
    @inline(__always)
    mutating func closes(_ bytes: Span<UInt8>, _ bracket: UInt8) throws(JSONError) -> Bool {
        skipSpace(bytes)
        return takes(bytes, bracket)
    }

    @inlinable
    @inline(__always)
    mutating func continues(_ bytes: Span<UInt8>, _ bracket: UInt8) throws(JSONError) -> Bool {
        if try closes(bytes, bracket) { return false }
        try expect(bytes, UInt8(ascii: ","))
        return true
    }
}

/// Why a JSON text was refused.
public enum JSONError: Error, Equatable, Sendable {
    /// Not UTF-8, or with a byte order mark (RFC 8259 section 8.1).
    case encoding
    /// Against the grammar of RFC 8259 at this byte.
    case syntax(offset: Int)
    /// A member name that stands twice in one object, after unescaping (RFC 7519 section 4).
    case duplicateName(offset: Int)
    case tooDeep
    case tooManyMembers
}

/// The bounds within which a text is read, so that a hostile one costs little.
public enum JSONLimits {
    @inlinable public static var depth: Int { 16 }
    @inlinable public static var members: Int { 64 }
}
