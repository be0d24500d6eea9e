/// The lines of the head of a message (RFC 9112 sections 3, 4 and 5).
enum HTTPLine {
    /// Where a field stands.
    struct Field {
        var name: Range<Int>
        var value: Range<Int>
    }

    static func request(_ text: Span<UInt8>, from start: Int) -> (Range<Int>, Range<Int>)? {
        let space = UInt8(ascii: " ")
        guard let first = ByteSearch.firstIndex(of: space, in: text, from: start), first > start,
            ASCII.isToken(text.extracting(start..<first)),
            let second = ByteSearch.firstIndex(of: space, in: text, from: first + 1),
            ASCII.areEqual(text.extracting((second + 1)..<text.count), "HTTP/1.1", foldingCase: false),
            let target = target(text, (first + 1)..<second)
        else { return nil }
        return (start..<first, target)
    }

    /// The path and query of a target, also where the whole address stands before it (RFC 9112 section 3.2).
    private static func target(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int>? {
        let slash = UInt8(ascii: "/")
        if !range.isEmpty, text[range.lowerBound] == slash { return range }
        let scheme = "http://".utf8.count
        guard range.count > scheme,
            ASCII.areEqual(text.extracting(range.lowerBound..<(range.lowerBound + scheme)), "http://")
        else { return nil }
        let host = range.lowerBound + scheme
        guard let start = ByteSearch.firstIndex(of: slash, in: text, from: host), start < range.upperBound
        else {
            // An address without a path stands for "/" (RFC 9110 section 4.2.3), which is the scheme's last byte.
            return (host - 1)..<host
        }
        return start > host ? start..<range.upperBound : nil
    }

    /// Whether a word stands in a list (RFC 9110 section 5.6.1).
    private static func lists(_ value: Span<UInt8>, _ word: StaticString) -> Bool {
        var start = 0
        while start <= value.count {
            let end = ByteSearch.firstIndex(of: UInt8(ascii: ","), in: value, from: start) ?? value.count
            if ASCII.areEqual(value.extracting(ASCII.trimmed(value, start..<end)), word) { return true }
            start = end + 1
        }
        return false
    }

    static func status(_ line: Span<UInt8>) -> (Int, isOld: Bool)? {
        guard line.count >= 12, case let version = line.extracting(first: 9),
            case let isOld = ASCII.areEqual(version, "HTTP/1.0 ", foldingCase: false),
            isOld || ASCII.areEqual(version, "HTTP/1.1 ", foldingCase: false),
            line.count == 12 || line[12] == UInt8(ascii: " "),
            let number = ASCII.number(line.extracting(9..<12)), 100..<600 ~= number
        else { return nil }
        return (number, isOld)
    }

    /// What a field says about the message itself.
    enum Meaning {
        case length(Int)
        case host
        case close
        case chunks
        case waits
        case encoding
    }

    static func field(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(HTTPError) -> (Field, Meaning?) {
        // A line that begins with white space continues the one before, which RFC 9112 section 5.2 forbids.
        guard let colon = ByteSearch.firstIndex(of: UInt8(ascii: ":"), in: bytes, from: start), colon > start,
            ASCII.isToken(bytes.extracting(start..<colon))
        else { throw .malformed("a line is no field") }
        let field = Field(name: start..<colon, value: ASCII.trimmed(bytes, (colon + 1)..<bytes.count))
        let name = bytes.extracting(field.name)
        let value = bytes.extracting(field.value)
        if ASCII.areEqual(name, "host") { return (field, .host) }
        if ASCII.areEqual(name, "connection"), lists(value, "close") { return (field, .close) }
        if ASCII.areEqual(name, "expect"), ASCII.areEqual(value, "100-continue") { return (field, .waits) }
        if ASCII.areEqual(name, "content-encoding"), !ASCII.areEqual(value, "identity") {
            return (field, .encoding)
        }
        if ASCII.areEqual(name, "transfer-encoding") {
            guard ASCII.areEqual(value, "chunked") else {
                throw .malformed("a body that is compressed on the way (Transfer-Encoding)")
            }
            return (field, .chunks)
        }
        guard ASCII.areEqual(name, "content-length") else { return (field, nil) }
        guard let length = ASCII.number(value) else { throw .malformed("Content-Length is no number") }
        guard length <= HTTPMessage.longestBody_bytes else {
            throw .malformed("a body of \(length) bytes, more than \(HTTPMessage.longestBody_bytes)")
        }
        return (field, .length(length))
    }
}

/// How far a body in chunks has been put together.
struct HTTPChunks {
    var start: Int
    /// Up to where the body is together, and where the next chunk begins.
    var (end, next): (Int, Int)
    /// Whether the last chunk was there, and only trailers follow.
    var isLast = false
}
