import AuthCore
import Backends

/// Reading one HTTP/1.1 header line (RFC 9112 section 5), without its CRLF.
enum HeaderLine {
    /// Longer lines are refused before anything in them is looked at: Node's limit for all headers of a request.
    ///
    /// Twice what nginx takes, so that tokens can be measured which it would refuse; `fits_header_8192` tells of each.
    static let longest_bytes = 16_384

    /// Where the value begins behind any white space, when the line has this field name (lower case; compared without case).
    static func valueStart(_ line: Span<UInt8>, name: StaticString) -> Int? {
        let length = name.utf8CodeUnitCount
        guard line.count > length, hasPrefix(line, name, at: 0), line[length] == UInt8(ascii: ":") else {
            return nil
        }
        var start = length + 1
        while start < line.count, line[start] == UInt8(ascii: " ") || line[start] == UInt8(ascii: "\t") {
            start += 1
        }
        return start
    }

    /// Whether a line begins with exactly these bytes: how nearly all clients write a field that is compared without case.
    static func begins(_ line: Span<UInt8>, with prefix: Span<UInt8>) -> Bool {
        line.count >= prefix.count && ByteSearch.areEqual(line.extracting(first: prefix.count), prefix)
    }

    /// Whether a lower-case ASCII word stands at an offset, in whatever case.
    static func hasPrefix(_ line: Span<UInt8>, _ word: StaticString, at offset: Int) -> Bool {
        guard line.count - offset >= word.utf8CodeUnitCount else { return false }
        var index = offset
        for expected in String(describing: word).utf8 {
            let byte = line[index]
            let isUpper = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            guard (isUpper ? byte | 0x20 : byte) == expected else { return false }
            index += 1
        }
        return true
    }
}
