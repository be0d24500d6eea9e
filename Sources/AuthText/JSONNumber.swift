import AuthCore

extension JSONReader {
    /// Reads a number by the grammar of RFC 8259 section 6.
    ///
    /// - Returns: where it stands in the text.
    public mutating func readNumber(_ bytes: Span<UInt8>) throws(JSONError) -> Range<Int> {
        let start = position
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
        return start..<position
    }

    /// Reads a NumericDate (RFC 7519 section 2): seconds since 1970, fractions allowed.
    ///
    /// - Returns: `nil` for a value that is no number, or a number beyond the years that `Instant` can hold;
    ///   the value has been passed over in either case.
    @inlinable
    @inline(__always)
    public mutating func readNumericDate(_ bytes: Span<UInt8>) throws(JSONError) -> Instant? {
        if let seconds = readSeconds(bytes) { return Instant(seconds: seconds) }
        return try aside { (reader) throws(JSONError) in try reader.readRareDate(bytes) }
    }

    /// Reads a whole number that is not negative, in any form that is a number.
    ///
    /// - Returns: `nil` for any other value, which has been passed over.
    @inlinable
    @inline(__always)
    public mutating func readCount(_ bytes: Span<UInt8>) throws(JSONError) -> Int64? {
        // Mostly one digit.
        let word = bytes.paddedWord(at: position)
        let (digit, next) = (UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8))
        if isDigit(digit), next == UInt8(ascii: ",") || next == UInt8(ascii: "}") {
            position &+= 1
            return Int64(digit & 0x0F)
        }
        guard let number = try readNumericDate(bytes), number.milliseconds >= 0,
            number.milliseconds % 1000 == 0
        else { return nil }
        return number.milliseconds / 1000
    }

    /// Reads what is no plain number of seconds.
    @usableFromInline
    mutating func readRareDate(_ bytes: Span<UInt8>) throws(JSONError) -> Instant? {
        switch peek(bytes) {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
        default:
            try skipValue(bytes)
            return nil
        }
        let range = try readNumber(bytes)
        if let whole = wholeNumber(bytes.extracting(range)) {
            return whole < Self.latest_s ? Instant(seconds: whole) : nil
        }
        var text = ""
        for index in range { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        guard let seconds = Double(text), abs(seconds) < Double(Self.latest_s) else { return nil }
        return Instant(milliseconds: Int64((seconds * 1000).rounded(.down)))
    }

    /// Beyond 2^53 a double no longer holds whole milliseconds; no honest token needs the year 287396.
    private static var latest_s: Int64 { 9_000_000_000_000 }

    /// A number of at most 15 digits and nothing else; `nil` for any other form.
    private func wholeNumber(_ text: Span<UInt8>) -> Int64? {
        guard text.count <= 15 else { return nil }
        var value: Int64 = 0
        for index in text.indices {
            guard isDigit(text[index]) else { return nil }
            value = 10 * value + Int64(text[index] & 0x0F)
        }
        return value
    }

    private mutating func readDigits(_ bytes: Span<UInt8>) throws(JSONError) {
        guard isDigit(peek(bytes)) else { throw .syntax(offset: position) }
        while isDigit(peek(bytes)) { advance() }
    }

    /// Reads a number as honest tokens have it: eight to twelve digits, the first of them not zero.
    ///
    /// - Returns: `nil` for anything else, which is left where it is.
    @inlinable
    @inline(__always)
    mutating func readSeconds(_ bytes: Span<UInt8>) -> Int64? {
        guard let word = bytes.word(at: position), var value = eightDigits(word), word & 0xFF != 0x30
        else { return nil }
        var (next, end) = (bytes.paddedWord(at: position &+ 8), position &+ 8)
        for _ in 0..<4 {
            guard isDigit(UInt8(truncatingIfNeeded: next)) else { break }
            value = value &* 10 &+ Int64(truncatingIfNeeded: next & 0x0F)
            next &>>= 8
            end &+= 1
        }
        switch UInt8(truncatingIfNeeded: next) {
        // Goes on, as a number of more digits or another form.
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            return nil
        default:
            position = end
            return value
        }
    }

    /// The number that eight ASCII digits stand for, the first of them in the lowest byte; `nil` where one is no digit.
    ///
    /// Neighbours are put together in pairs, then in fours, then in eights (Lemire, "Quickly parsing eight digits").
    @inlinable
    @inline(__always)
    func eightDigits(_ word: UInt64) -> Int64? {
        let digits = word &- 0x3030_3030_3030_3030
        guard (word &+ 0x4646_4646_4646_4646 | digits) & 0x8080_8080_8080_8080 == 0 else { return nil }
        let pairs = digits &* 10 &+ digits >> 8
        let mask: UInt64 = 0x0000_00FF_0000_00FF
        let (even, odd) = (pairs & mask, pairs >> 16 & mask)
        return Int64(
            truncatingIfNeeded: (even &* 0x000F_4240_0000_0064 &+ odd &* 0x0000_2710_0000_0001) >> 32)
    }

    @inlinable
    @inline(__always)
    func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}

/// Whole numbers in decimal digits.
package enum DecimalText {
    /// Reads at most 18 digits, as they are or as a JSON string.
    package static func number(_ text: Span<UInt8>) -> UInt64? {
        let isQuoted = text.count > 2 && text[0] == UInt8(ascii: "\"")
        let digits = isQuoted ? text.extracting(1..<(text.count - 1)) : text
        guard 1...18 ~= digits.count else { return nil }
        var number: UInt64 = 0
        for index in digits.indices {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digits[index] else { return nil }
            number = number * 10 + UInt64(digits[index] - UInt8(ascii: "0"))
        }
        return number
    }
}
