import Glibc

/// The messages that come in over one HTTP/1.1 connection, one after the other, read strictly (RFC 9112).
///
/// A body has a `Content-Length`: one in chunks is refused. What is doubtful is refused too, because two readers that
/// understand one message differently let requests be smuggled (RFC 9112 section 11.2). All memory is used again.
package struct HTTPMessage {
    package enum Kind: Sendable {
        case request
        case response
    }

    private struct Field {
        var name: Range<Int>
        var value: Range<Int>
    }

    package static let longestHead_bytes = 16_384
    package static let longestBody_bytes = 1 << 20
    private static let mostFields = 64

    private let kind: Kind
    private var buffer = [UInt8](repeating: 0, count: 4096)
    private var filled = 0
    /// Where the line begins that is being read, and up to where no end of it stands.
    private var (lineStart, searched) = (0, 0)
    private var fields: [Field] = []
    private var contentLength: Int?
    private var hosts = 0
    /// Method and target of a request.
    private var (method, target) = (0..<0, 0..<0)
    private var hasStarted = false
    /// Where the body stands, once the head has been read.
    private var body: Range<Int>?
    /// Of a response (RFC 9110 section 15).
    package private(set) var status = 0
    /// Whether the sender closes the connection after this message.
    package private(set) var closes = false

    package init(_ kind: Kind) { self.kind = kind }

    // MARK: What has come in

    package func withBody<Result, Failure: Error>(
        _ take: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try take(buffer.span.extracting(body ?? 0..<0))
    }

    package func withTarget<Result>(_ take: (Span<UInt8>) -> Result) -> Result {
        take(buffer.span.extracting(target))
    }

    package var isPost: Bool { ASCII.areEqual(buffer.span.extracting(method), "POST", foldingCase: false) }

    /// Hands over the value of a field, named in lower case, without white space around it; `nil` where there is none, or more
    /// than one.
    package func withField<Result>(_ name: StaticString, _ take: (Span<UInt8>) -> Result) -> Result? {
        var found: Range<Int>?
        for field in fields where ASCII.areEqual(buffer.span.extracting(field.name), name) {
            guard found == nil else { return nil }
            found = field.value
        }
        return found.map { take(buffer.span.extracting($0)) }
    }

    /// Whether the media type is this one, whatever its parameters (RFC 9110 section 8.3).
    package func isOfType(_ type: StaticString) -> Bool {
        withField("content-type") { value in
            let end = ByteSearch.firstIndex(of: UInt8(ascii: ";"), in: value, from: 0) ?? value.count
            return ASCII.areEqual(value.extracting(ASCII.trimmed(value, 0..<end)), type)
        } ?? false
    }

    /// Bytes that have come in behind the message.
    package var excess: Int { filled - (body?.upperBound ?? filled) }

    // MARK: Reading

    /// Takes what a socket has, and waits for it as long as the socket does.
    ///
    /// - Returns: what recv(2) returned.
    mutating func receive(from socket: Int32) -> Int {
        let needed = max(body?.upperBound ?? 0, filled + 1)
        if needed > buffer.count {
            buffer += [UInt8](repeating: 0, count: max(needed, buffer.count * 2) - buffer.count)
        }
        let count = unsafe buffer.withUnsafeMutableBytes { [filled] bytes in
            unsafe recv(socket, bytes.baseAddress.map { unsafe $0 + filled }, bytes.count - filled, 0)
        }
        if count > 0 { filled += count }
        return count
    }

    /// Takes bytes, for tests and fuzzers.
    package mutating func take(_ bytes: [UInt8]) {
        buffer.replaceSubrange(filled..., with: bytes)
        filled += bytes.count
    }

    /// Reads on in what has come in.
    ///
    /// - Returns: whether a whole message is there.
    /// - Throws: `HTTPError.malformed`; nothing that follows on the connection can be understood then.
    package mutating func isWhole() throws(HTTPError) -> Bool {
        if body == nil { body = try readHead() }
        guard let body else { return false }
        return filled >= body.upperBound
    }

    /// Forgets the message; what has come in behind it is the beginning of the next.
    package mutating func next() {
        let end = body?.upperBound ?? filled
        if filled > end {
            for index in end..<filled { buffer[index - end] = buffer[index] }
        }
        filled -= end
        reset()
    }

    /// Forgets everything, for another connection.
    package mutating func clear() {
        filled = 0
        reset()
    }

    private mutating func reset() {
        (lineStart, searched, hosts, status) = (0, 0, 0, 0)
        fields.removeAll(keepingCapacity: true)
        (contentLength, body) = (nil, nil)
        (hasStarted, closes) = (false, false)
    }

    private mutating func readHead() throws(HTTPError) -> Range<Int>? {
        while let end = ByteSearch.firstIndex(
            of: 0x0A, in: buffer.span.extracting(first: filled), from: searched)
        {
            guard end <= Self.longestHead_bytes else { break }
            guard end > lineStart, buffer[end - 1] == 0x0D else {
                throw .malformed("a line does not end with CR LF")
            }
            let line = lineStart..<(end - 1)
            (lineStart, searched) = (end + 1, end + 1)
            if line.isEmpty { return try bodyRange(from: end + 1) }
            for index in line where buffer[index] < 0x20 && buffer[index] != 0x09 || buffer[index] == 0x7F {
                throw .malformed("a control character in the head")
            }
            if hasStarted { try takeField(line) } else { try takeStart(line) }
            hasStarted = true
        }
        guard filled <= Self.longestHead_bytes else {
            throw .malformed("the head is longer than \(Self.longestHead_bytes) bytes")
        }
        searched = filled
        return nil
    }

    private func bodyRange(from start: Int) throws(HTTPError) -> Range<Int> {
        guard hasStarted else { throw .malformed("a message begins with an empty line") }
        if kind == .request, hosts != 1 { throw .malformed("\(hosts) fields Host") }
        if let contentLength { return start..<(start + contentLength) }
        // Without a length, the body of a response would last until the connection ends.
        guard kind == .request || status == 204 || status == 304 else {
            throw .malformed("no Content-Length")
        }
        return start..<start
    }

    private mutating func takeStart(_ line: Range<Int>) throws(HTTPError) {
        switch kind {
        case .response:
            guard let number = Self.status(buffer.span.extracting(line)) else {
                throw .malformed("the first line is no status of HTTP/1.1")
            }
            status = number
        case .request:
            let found = Self.request(buffer.span.extracting(first: line.upperBound), from: line.lowerBound)
            guard let found else { throw .malformed("the first line is no request of HTTP/1.1") }
            (method, target) = found
        }
    }

    private static func request(_ text: Span<UInt8>, from start: Int) -> (Range<Int>, Range<Int>)? {
        let space = UInt8(ascii: " ")
        guard let first = ByteSearch.firstIndex(of: space, in: text, from: start), first > start,
            let second = ByteSearch.firstIndex(of: space, in: text, from: first + 1),
            text[first + 1] == UInt8(ascii: "/"),
            ASCII.areEqual(text.extracting((second + 1)..<text.count), "HTTP/1.1", foldingCase: false)
        else { return nil }
        return (start..<first, (first + 1)..<second)
    }

    private static func status(_ line: Span<UInt8>) -> Int? {
        guard line.count >= 12, ASCII.areEqual(line.extracting(first: 9), "HTTP/1.1 ", foldingCase: false),
            line.count == 12 || line[12] == UInt8(ascii: " "),
            let number = ASCII.number(line.extracting(9..<12)), 200..<600 ~= number
        else { return nil }
        return number
    }

    private mutating func takeField(_ line: Range<Int>) throws(HTTPError) {
        guard fields.count < Self.mostFields else { throw .malformed("more than \(Self.mostFields) fields") }
        let (field, meaning) = try Self.field(
            buffer.span.extracting(first: line.upperBound), from: line.lowerBound)
        fields.append(field)
        switch meaning {
        case .length(let length):
            guard contentLength == nil else { throw .malformed("Content-Length stands twice") }
            contentLength = length
        case .host: hosts += 1
        case .close: closes = true
        case nil: break
        }
    }

    /// What a field says about the message itself.
    private enum Meaning {
        case length(Int)
        case host
        case close
    }

    private static func field(
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
            throw .malformed("a body in chunks or compressed (Transfer-Encoding), which is not taken here")
        }
        guard ASCII.areEqual(name, "content-length") else { return (field, nil) }
        guard let length = ASCII.number(value) else { throw .malformed("Content-Length is no number") }
        guard length <= longestBody_bytes else {
            throw .malformed("a body of \(length) bytes, more than \(longestBody_bytes)")
        }
        return (field, .length(length))
    }
}

/// What is wrong with an exchange over HTTP.
package enum HTTPError: Error, CustomStringConvertible, Equatable {
    /// The connection failed: refused, timed out or closed.
    case connection(operation: String, message: String)
    /// What came is no message that is understood here.
    case malformed(String)
    /// The server says that it cannot answer, or will not (RFC 9110 section 15).
    case status(Int, String)

    /// Whether the server was away, busy or full, for which nobody who asks it is to blame.
    package var isOutage: Bool {
        switch self {
        case .connection: true
        case .malformed: false
        case .status(let status, _): status >= 500
        }
    }

    package var description: String {
        switch self {
        case .connection(let operation, let message): "HTTP: could not \(operation): \(message)"
        case .malformed(let reason): "HTTP: what came is not understood: \(reason)"
        case .status(let status, let reason): "HTTP: the server answered \(status): \(reason)"
        }
    }
}
