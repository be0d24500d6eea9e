import AuthText
import Backends

/// What a request to an authority says: `application/x-www-form-urlencoded` (RFC 6749 appendix B).
struct Form {
    /// A parameter that stands twice (RFC 6749 section 3.2), or text that is not encoded as it must be.
    struct FormError: Error {}

    private(set) var bytes: [UInt8] = []

    // MARK: Writing

    mutating func begin() { bytes.removeAll(keepingCapacity: true) }

    private mutating func append(name: StaticString) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        bytes.append(name)
        bytes.append(UInt8(ascii: "="))
    }

    mutating func append(_ name: StaticString, _ number: Int64) {
        append(name: name)
        bytes.append(decimal: number)
    }

    mutating func append(_ name: StaticString, _ number: UInt64) {
        append(name: name)
        bytes.append(decimal: number)
    }

    /// Appends a value of characters that stand for themselves, such as base64url.
    mutating func append(_ name: StaticString, plain value: Span<UInt8>) {
        append(name: name)
        for index in value.indices { bytes.append(value[index]) }
    }

    mutating func append(_ name: StaticString, _ text: String) {
        append(name: name)
        for byte in text.utf8 {
            if Self.isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 15] { bytes.append(digit + (digit < 10 ? 0x30 : 0x37)) }
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    // MARK: Reading

    /// Finds the value of a parameter, still encoded; names are never encoded.
    private static func find(
        _ name: StaticString, in body: Span<UInt8>
    ) throws(FormError) -> Range<Int>? {
        var (start, found) = (0, Range<Int>?.none)
        while start < body.count {
            let end = ByteSearch.firstIndex(of: UInt8(ascii: "&"), in: body, from: start) ?? body.count
            let equals = ByteSearch.firstIndex(of: UInt8(ascii: "="), in: body, from: start) ?? end
            if equals < end, body.extracting(start..<equals).equals(name) {
                guard found == nil else { throw FormError() }
                found = (equals + 1)..<end
            }
            start = end + 1
        }
        return found
    }

    /// Finds a parameter and undoes its encoding.
    ///
    /// - Parameters:
    ///   - name: the parameter.
    ///   - body: the whole form.
    ///   - value: becomes what stands there.
    /// - Returns: whether the parameter is there.
    /// - Throws: `FormError`.
    static func read(
        _ name: StaticString, in body: Span<UInt8>, into value: inout [UInt8]
    ) throws(FormError) -> Bool {
        value.removeAll(keepingCapacity: true)
        guard let found = try find(name, in: body) else { return false }
        try decode(body.extracting(found), into: &value)
        return true
    }

    private static func decode(_ text: Span<UInt8>, into value: inout [UInt8]) throws(FormError) {
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "+"): value.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard index + 2 < text.count, let high = hexDigitValue(text[index + 1]),
                    let low = hexDigitValue(text[index + 2])
                else { throw FormError() }
                value.append(high << 4 | low)
                index += 2
            default: value.append(text[index])
            }
            index += 1
        }
    }

    /// A whole number that a parameter says, as digits; `nil` without the parameter or where it is none.
    static func number<Number: FixedWidthInteger>(
        _ name: StaticString, in body: Span<UInt8>, _: Number.Type = Number.self
    ) throws(FormError) -> Number? {
        guard let found = try find(name, in: body) else { return nil }
        var (index, isNegative, number) = (found.lowerBound, false, Number(0))
        if Number.isSigned, index < found.upperBound, body[index] == UInt8(ascii: "-") {
            (index, isNegative) = (index + 1, true)
        }
        guard index < found.upperBound else { return nil }
        while index < found.upperBound {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= body[index] else { return nil }
            let digit = Number(body[index] - UInt8(ascii: "0"))
            let (product, isOver) = number.multipliedReportingOverflow(by: 10)
            let (sum, isMore) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !isOver, !isMore else { return nil }
            (number, index) = (sum, index + 1)
        }
        return number
    }

    static func text(_ name: StaticString, in body: Span<UInt8>) throws(FormError) -> String? {
        var text: [UInt8] = []
        return try read(name, in: body, into: &text) ? String(decoding: text, as: UTF8.self) : nil
    }
}

extension Span<UInt8> {
    /// Whether it is an ASCII word, to the letter.
    func equals(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        var index = 0
        for byte in String(describing: word).utf8 {
            guard self[index] == byte else { return false }
            index += 1
        }
        return true
    }
}
