import AuthCore

/// Where a string stands in a text: between its quotes, still escaped.
public struct JSONString: Sendable {
    public var range: Range<Int>
    public var hasEscapes: Bool

    @inlinable
    init(range: Range<Int>, hasEscapes: Bool) {
        self.range = range
        self.hasEscapes = hasEscapes
    }

    /// Whether the string, unescaped, is exactly these bytes.
    @inlinable
    public func equals(_ expected: Span<UInt8>, in bytes: Span<UInt8>) -> Bool {
        guard hasEscapes else { return bytes.extracting(range).elementsEqual(expected) }
        return unescaped(in: bytes).span.elementsEqual(expected)
    }

    /// The string's UTF-8 bytes without escapes; allocates, so hot paths ask `hasEscapes` first.
    public func unescaped(in bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var reader = JSONReader(at: range.lowerBound - 1)
        // The string was read once without a fault, so that reading it again cannot fail.
        try? reader.readString(bytes) { byte in text.append(byte) }
        return text
    }
}

extension JSONReader {
    /// Reads a string from quote to quote.
    @inlinable
    @inline(__always)
    public mutating func readString(_ bytes: Span<UInt8>) throws(JSONError) -> JSONString {
        try expect(bytes, UInt8(ascii: "\""))
        let start = position
        let end = Self.endOfPlain(bytes, from: start)
        position = end
        // All but the rarest strings end here.
        if peek(bytes) == UInt8(ascii: "\"") {
            position &+= 1
            return JSONString(range: start..<end, hasEscapes: false)
        }
        try aside { (reader) throws(JSONError) in try reader.skipRest(bytes) }
        return JSONString(range: start..<(position - 1), hasEscapes: true)
    }

    /// Reads a string of plain bytes if it is exactly this one, which has no byte that must be escaped.
    @inlinable
    @inline(__always)
    public mutating func takes(_ bytes: Span<UInt8>, plain text: Span<UInt8>) -> Bool {
        let (start, end) = (position &+ 1, position &+ 1 &+ text.count)
        guard peek(bytes) == UInt8(ascii: "\""), bytes.byte(at: end) == UInt8(ascii: "\""),
            bytes.extracting(start..<end).elementsEqual(text)
        else { return false }
        position = end &+ 1
        return true
    }

    /// Where the next quote, backslash or control character stands, or the text ends; eight bytes at a time.
    ///
    /// Not inlined: it would make every reader of strings so long that nothing else is.
    @usableFromInline
    static func endOfPlain(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while let word = bytes.word(at: end) {
            let special = word.specialBytes
            if special != 0 { return end &+ special.trailingZeroBitCount &>> 3 }
            end &+= 8
        }
        while end < bytes.count {
            switch bytes[end] {
            case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): return end
            default: end &+= 1
            }
        }
        return end
    }

    @inlinable
    @inline(__always)
    mutating func readName(_ bytes: Span<UInt8>) throws(JSONError) -> JSONName {
        // Most names are so short that one word holds them and the quote behind them.
        if peek(bytes) == UInt8(ascii: "\""), let word = bytes.word(at: position &+ 1) {
            let shift = word.specialBytes.trailingZeroBitCount & ~7
            if shift < 64, word &>> UInt64(truncatingIfNeeded: shift) & 0xFF == UInt64(UInt8(ascii: "\"")) {
                position &+= 2 &+ shift &>> 3
                return JSONName(word: word, count: shift &>> 3)
            }
        }
        return try aside { (reader) throws(JSONError) in try reader.readLongName(bytes) }
    }

    /// Reads a name that is longer than seven bytes, has escapes or stands at the end of the text.
    @usableFromInline
    mutating func readLongName(_ bytes: Span<UInt8>) throws(JSONError) -> JSONName {
        let string = try readString(bytes)
        guard string.hasEscapes else { return JSONName(bytes, string.range) }
        let unescaped = string.unescaped(in: bytes)
        return JSONName(unescaped.span, 0..<unescaped.count)
    }

    /// Checks the rest of a string in which something was found that is no plain byte.
    @usableFromInline
    mutating func skipRest(_ bytes: Span<UInt8>) throws(JSONError) { try readRest(bytes) { _ in } }

    /// Reads a string, handing over its unescaped UTF-8 bytes one by one.
    mutating func readString(_ bytes: Span<UInt8>, _ emit: (UInt8) -> Void) throws(JSONError) {
        try expect(bytes, UInt8(ascii: "\""))
        try readRest(bytes, emit)
    }

    /// Reads on inside a string, up to and with its closing quote.
    private mutating func readRest(_ bytes: Span<UInt8>, _ emit: (UInt8) -> Void) throws(JSONError) {
        while true {
            let byte = peek(bytes)
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return
            case UInt8(ascii: "\\"): try readEscape(bytes, emit)
            case 0..<0x20: throw .syntax(offset: position)
            default:
                emit(byte)
                advance()
            }
        }
    }

    private mutating func readEscape(_ bytes: Span<UInt8>, _ emit: (UInt8) -> Void) throws(JSONError) {
        advance()
        let offset = position
        let byte = peek(bytes)
        advance()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): emit(byte)
        case UInt8(ascii: "b"): emit(0x08)
        case UInt8(ascii: "f"): emit(0x0C)
        case UInt8(ascii: "n"): emit(0x0A)
        case UInt8(ascii: "r"): emit(0x0D)
        case UInt8(ascii: "t"): emit(0x09)
        case UInt8(ascii: "u"):
            var unit = try readHexUnit(bytes)
            if 0xD800..<0xDC00 ~= unit {
                try expect(bytes, UInt8(ascii: "\\"))
                try expect(bytes, UInt8(ascii: "u"))
                let low = try readHexUnit(bytes)
                guard 0xDC00..<0xE000 ~= low else { throw .syntax(offset: offset) }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            // A lone surrogate is no Unicode scalar, so it is refused (RFC 8259 section 8.2).
            guard let scalar = Unicode.Scalar(unit) else { throw .syntax(offset: offset) }
            for byte in UTF8.encode(scalar) ?? UTF8.EncodedScalar() { emit(byte) }
        default: throw .syntax(offset: offset)
        }
    }

    private mutating func readHexUnit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigitValue(peek(bytes)) else { throw .syntax(offset: position) }
            unit = unit << 4 | UInt32(digit)
            advance()
        }
        return unit
    }
}

extension UInt64 {
    /// The top bit of the first byte among eight that is a quote, a backslash or a control character; bits behind it
    /// say nothing.
    ///
    /// A byte below n sets its top bit when n is taken from all of them, and borrows go to the bytes behind it only
    /// (Warren, Hacker's Delight, section 6-1).
    @inlinable
    @inline(__always)
    var specialBytes: UInt64 {
        let (quote, backslash) = (self ^ 0x2222_2222_2222_2222, self ^ 0x5C5C_5C5C_5C5C_5C5C)
        let control = (self &- 0x2020_2020_2020_2020) & ~self
        let isQuote = (quote &- 0x0101_0101_0101_0101) & ~quote
        let isBackslash = (backslash &- 0x0101_0101_0101_0101) & ~backslash
        return (control | isQuote | isBackslash) & 0x8080_8080_8080_8080
    }
}

/// The value of an ASCII hexadecimal digit.
public func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
