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
            let second = ByteSearch.firstIndex(of: space, in: text, from: first + 1),
            text[first + 1] == UInt8(ascii: "/"),
            ASCII.areEqual(text.extracting((second + 1)..<text.count), "HTTP/1.1", foldingCase: false)
        else { return nil }
        return (start..<first, (first + 1)..<second)
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
        if ASCII.areEqual(name, "connection"), ASCII.areEqual(value, "close") { return (field, .close) }
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
