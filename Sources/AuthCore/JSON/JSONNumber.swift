extension JSONReader {
    /// Reads a number by the grammar of RFC 8259 section 6.
    ///
    /// - Returns: where it stands in the text.
    public mutating func readNumber(_ bytes: Span<UInt8>) throws(JSONFault) -> Range<Int> {
        let start = index
        if peek(bytes) == UInt8(ascii: "-") { advance() }
        if peek(bytes) == UInt8(ascii: "0") { advance() } else { try readDigits(bytes) }
        if peek(bytes) == UInt8(ascii: ".") {
            advance()
            try readDigits(bytes)
        }
        if peek(bytes) | 0x20 == UInt8(ascii: "e") {
            advance()
            if peek(bytes) == UInt8(ascii: "+") || peek(bytes) == UInt8(ascii: "-") { advance() }
            try readDigits(bytes)
        }
        return start..<index
    }

    /// Reads a NumericDate (RFC 7519 section 2): seconds since 1970, fractions allowed.
    ///
    /// - Returns: `nil` for a value that is no number, or a number beyond the years that `Instant` can hold;
    ///   the value has been passed over in either case.
    public mutating func readNumericDate(_ bytes: Span<UInt8>) throws(JSONFault) -> Instant? {
        switch peek(bytes) {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
        default:
            try skipValue(bytes)
            return nil
        }
        let range = try readNumber(bytes)
        if range.count <= 12, let seconds = wholeNumber(bytes, range) { return Instant(seconds: seconds) }
        var text = ""
        for index in range { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        // Beyond 2^53 a double no longer holds whole milliseconds; no honest token needs the year 287396.
        guard let seconds = Double(text), abs(seconds) < 9.0e12 else { return nil }
        return Instant(milliseconds: Int64((seconds * 1000).rounded(.down)))
    }

    private mutating func readDigits(_ bytes: Span<UInt8>) throws(JSONFault) {
        guard isDigit(peek(bytes)) else { throw .syntax(offset: index) }
        while isDigit(peek(bytes)) { advance() }
    }

    private func wholeNumber(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        var value: Int64 = 0
        for index in range {
            guard isDigit(bytes[index]) else { return nil }
            value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
