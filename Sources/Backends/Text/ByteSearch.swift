import CAuthBenchBase64URL
import Glibc

/// What the C library does a vector at a time and a loop over a span does a byte at a time.
package enum ByteSearch {
    /// Where a byte stands next, at or after `start`.
    package static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Whether two spans hold the same bytes; not constant-time, so never for secrets.
    package static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                guard let left = left.baseAddress, let other = right.baseAddress else { return true }
                return unsafe memcmp(left, other, right.count) == 0
            }
        }
    }
}

/// What a loop copies a byte at a time.
package enum ByteCopy {
    /// Makes an array's bytes those of a span, in the memory that it has where their number stays the same.
    package static func copy(_ bytes: Span<UInt8>, into array: inout [UInt8]) {
        if array.count != bytes.count { array = Array(repeating: 0, count: bytes.count) }
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe array.withUnsafeMutableBytes { unsafe $0.copyMemory(from: bytes) }
        }
    }
}

/// Decoding of base64url for the hot path, with the processor's byte shuffles where it has them.
package enum Base64URLDecoding {
    /// How it is done; all ways come to the same.
    package enum Way: Sendable {
        case best
        /// As on a processor that has no byte shuffles.
        case byBytes
    }

    /// Decodes unpadded base64url (RFC 4648 section 5) strictly, as `Base64URL.decode` does, into the front of an array.
    ///
    /// - Parameters:
    ///   - text: the characters.
    ///   - output: not touched behind the bytes that the text stands for.
    ///   - way: another than the best for tests.
    /// - Returns: the number of bytes written, or `nil` when the text is not the one encoding of some bytes or `output` is
    ///   too short; then the bytes may be anything.
    package static func decode(_ text: Span<UInt8>, into output: inout [UInt8], _ way: Way = .best) -> Int? {
        guard text.count * 3 / 4 <= output.count else { return nil }
        let written = unsafe text.withUnsafeBufferPointer { text in
            unsafe output.withUnsafeMutableBufferPointer { output in
                switch way {
                case .best:
                    unsafe authbench_base64url_decode(text.baseAddress, text.count, output.baseAddress)
                case .byBytes:
                    unsafe authbench_base64url_decode_by_bytes(
                        text.baseAddress, text.count, output.baseAddress)
                }
            }
        }
        return written < 0 ? nil : written
    }
}

/// Text of protocols: ASCII, compared a byte at a time.
enum ASCII {
    /// Whether a text is this word, which is in lower case where case is folded.
    static func areEqual(_ text: Span<UInt8>, _ word: StaticString, foldingCase: Bool = true) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            for index in text.indices {
                let byte = text[index]
                let isUpper = foldingCase && UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                guard unsafe (isUpper ? byte | 0x20 : byte) == word[index] else { return false }
            }
            return true
        }
    }

    /// A number of at most nine digits, and nothing else.
    static func number(_ text: Span<UInt8>) -> Int? {
        guard 1...9 ~= text.count else { return nil }
        var number = 0
        for index in text.indices {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[index] else { return nil }
            number = number * 10 + Int(text[index] - UInt8(ascii: "0"))
        }
        return number
    }

    /// The size of a chunk: at most seven hexadecimal digits, and what may stand behind a semicolon (RFC 9112 section 7.1.1).
    static func hexadecimal(_ text: Span<UInt8>) -> Int? {
        let end = ByteSearch.firstIndex(of: UInt8(ascii: ";"), in: text, from: 0) ?? text.count
        guard 1...7 ~= end else { return nil }
        var number = 0
        for index in 0..<end {
            let byte = text[index]
            let digit: UInt8? =
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
                case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
                case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
                default: nil
                }
            guard let digit else { return nil }
            number = number * 16 + Int(digit)
        }
        return number
    }

    /// A part of a text without white space around it.
    static func trimmed(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
        while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }

    /// Whether all are characters of a token (RFC 9110 section 5.6.2).
    static func isToken(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "^")...UInt8(ascii: "z"), UInt8(ascii: "!"),
                UInt8(ascii: "#")...UInt8(ascii: "'"),
                UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "|"),
                UInt8(ascii: "~"):
                continue
            default: return false
            }
        }
        return true
    }
}
