/// Where a string stands in a text: between its quotes, still escaped.
public struct JSONString: Sendable {
    public var range: Range<Int>
    public var hasEscapes: Bool

    /// Whether the string, unescaped, is exactly these bytes.
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
    public mutating func readString(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONString {
        try expect(bytes, UInt8(ascii: "\""))
        let start = index
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") {
            if bytes[end] < 0x20 { throw .syntax(offset: end) }
            end += 1
        }
        index = end
        // All but the rarest strings end here.
        if peek(bytes) == UInt8(ascii: "\"") {
            advance()
            return JSONString(range: start..<end, hasEscapes: false)
        }
        try readRest(bytes) { _ in }
        return JSONString(range: start..<(index - 1), hasEscapes: true)
    }

    mutating func readName(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONName {
        let string = try readString(bytes)
        guard string.hasEscapes else { return JSONName(bytes.extracting(string.range)) }
        return JSONName(string.unescaped(in: bytes).span)
    }

    /// Reads a string, handing over its unescaped UTF-8 bytes one by one.
    mutating func readString(_ bytes: Span<UInt8>, _ emit: (UInt8) -> Void) throws(JSONFault) {
        try expect(bytes, UInt8(ascii: "\""))
        try readRest(bytes, emit)
    }

    /// Reads on inside a string, up to and with its closing quote.
    private mutating func readRest(_ bytes: Span<UInt8>, _ emit: (UInt8) -> Void) throws(JSONFault) {
        while true {
            let byte = peek(bytes)
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return
            case UInt8(ascii: "\\"): try readEscape(bytes, emit)
            case 0..<0x20: throw .syntax(offset: index)
            default:
                emit(byte)
                advance()
            }
        }
    }

    private mutating func readEscape(_ bytes: Span<UInt8>, _ emit: (UInt8) -> Void) throws(JSONFault) {
        advance()
        let offset = index
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

    private mutating func readHexUnit(_ bytes: Span<UInt8>) throws(JSONFault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigitValue(peek(bytes)) else { throw .syntax(offset: index) }
            unit = unit << 4 | UInt32(digit)
            advance()
        }
        return unit
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
