import Glibc

/// The messages that come in over one HTTP/1.1 connection, one after the other, read strictly (RFC 9112).
///
/// What is doubtful is refused, because two readers that understand one message differently let requests be smuggled
/// (RFC 9112 section 11.2): so is a request in chunks. A response may come in chunks, end with the connection, or follow
/// interim ones (RFC 9112 section 6.3, RFC 9110 section 15.2). All memory is used again.
package struct HTTPMessage {
    package enum Kind: Sendable {
        case request
        case response
    }

    package static let longestHead_bytes = 16_384
    package static let longestBody_bytes = 1 << 20
    private static let mostFields = 64

    private let kind: Kind
    var buffer = [UInt8](repeating: 0, count: 4096)
    private var filled = 0
    /// Where the line begins that is being read, and up to where no end of it stands.
    private var (lineStart, searched) = (0, 0)
    var fields: [HTTPLine.Field] = []
    private var contentLength: Int?
    private var hosts = 0
    /// Method and target of a request.
    var (method, target) = (0..<0, 0..<0)
    private var hasStarted = false
    /// Where the body stands, once the head has been read; in chunks or until the end, once all of it is there.
    var body: Range<Int>?
    private var chunks: HTTPChunks?
    private var isInChunks = false
    /// Where a body begins that ends with the connection.
    private var openBody: Int?
    /// Where the message ends.
    private var end: Int? { chunks.map(\.next) ?? body?.upperBound }
    /// Of a response (RFC 9110 section 15).
    package private(set) var status = 0
    /// Whether the sender closes the connection after this message.
    package private(set) var closes = false
    /// Whether the sender waits for a word before it sends the body (RFC 9110 section 10.1.1).
    private(set) var expectsContinue = false

    package init(_ kind: Kind) { self.kind = kind }

    /// Bytes that have come in behind the message.
    package var excess: Int { filled - (end ?? filled) }

    // MARK: Reading

    /// Takes what a socket has, and waits for it as long as the socket does.
    ///
    /// - Returns: what recv(2) returned.
    mutating func receive(from socket: Int32, _ session: TLSSession? = nil) -> Int {
        let needed = max(body?.upperBound ?? 0, filled + 1)
        if needed > buffer.count {
            buffer += [UInt8](repeating: 0, count: max(needed, buffer.count * 2) - buffer.count)
        }
        let count = unsafe buffer.withUnsafeMutableBytes { [filled] bytes in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
            guard let session else { return unsafe recv(socket, free.baseAddress, free.count, 0) }
            return unsafe session.receive(into: free)
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
        if body == nil, chunks == nil, openBody == nil { body = try readHead() }
        if body == nil, chunks != nil { body = try readChunks() }
        if openBody != nil, filled > Self.longestHead_bytes + Self.longestBody_bytes {
            throw .malformed("a body of more than \(Self.longestBody_bytes) bytes")
        }
        guard let end, body != nil else { return false }
        return filled >= end
    }

    /// Takes what has come in for the whole body where nothing but the end of the connection tells its end.
    ///
    /// - Returns: whether that is so.
    mutating func takeRest() -> Bool {
        guard let openBody else { return false }
        body = openBody..<filled
        closes = true
        return true
    }

    /// Forgets the message; what has come in behind it is the beginning of the next.
    package mutating func next() {
        let end = end ?? filled
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
        (contentLength, body, chunks, openBody) = (nil, nil, nil, nil)
        (hasStarted, closes, isInChunks, expectsContinue) = (false, false, false, false)
    }

    /// Whether anything of it has come in.
    var hasBegun: Bool { filled > 0 }

    /// Whether the head is there, and some of the body is not.
    var awaitsBody: Bool { body.map { filled < $0.upperBound } ?? false }

    private mutating func readHead() throws(HTTPError) -> Range<Int>? {
        if kind == .response, lineStart == 0 { try checkBeginning() }
        while let end = ByteSearch.firstIndex(
            of: 0x0A, in: buffer.span.extracting(first: filled), from: searched)
        {
            guard end <= Self.longestHead_bytes else { break }
            guard end > lineStart, buffer[end - 1] == 0x0D else {
                throw .malformed("a line does not end with CR LF")
            }
            let line = lineStart..<(end - 1)
            (lineStart, searched) = (end + 1, end + 1)
            if line.isEmpty {
                guard kind == .response, 100..<200 ~= status else { return try bodyRange(from: end + 1) }
                // An interim response: the one that counts follows.
                fields.removeAll(keepingCapacity: true)
                (hasStarted, status, contentLength, isInChunks) = (false, 0, nil, false)
                continue
            }
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

    /// Tells an answer of HTTP/2, or of something else, before the end of a line is waited for.
    private func checkBeginning() throws(HTTPError) {
        let count = "HTTP/1.".utf8.count
        guard filled >= count else { return }
        let isRight = ASCII.areEqual(buffer.span.extracting(first: count), "HTTP/1.", foldingCase: false)
        if !isRight { throw .malformed("it does not begin with HTTP/1: another protocol, or none") }
    }

    private mutating func bodyRange(from start: Int) throws(HTTPError) -> Range<Int>? {
        guard hasStarted else { throw .malformed("a message begins with an empty line") }
        if kind == .request, hosts != 1 { throw .malformed("\(hosts) fields Host") }
        if kind == .response, status == 204 || status == 304 { return start..<start }
        if isInChunks {
            guard contentLength == nil else { throw .malformed("a length and chunks") }
            chunks = HTTPChunks(start: start, end: start, next: start)
            return nil
        }
        if let contentLength { return start..<(start + contentLength) }
        if kind == .response {
            openBody = start
            return nil
        }
        return start..<start
    }

    /// Puts the chunks that have come in behind each other (RFC 9112 section 7.1).
    ///
    /// - Returns: where the body stands; `nil` while chunks or trailers are missing.
    private mutating func readChunks() throws(HTTPError) -> Range<Int>? {
        guard var chunks else { return nil }
        defer { self.chunks = chunks }
        while let end = ByteSearch.firstIndex(
            of: 0x0A, in: buffer.span.extracting(first: filled), from: chunks.next)
        {
            guard end > chunks.next, buffer[end - 1] == 0x0D, end - chunks.next <= Self.longestHead_bytes
            else { throw .malformed("a line of a chunk does not end with CR LF") }
            let line = chunks.next..<(end - 1)
            if chunks.isLast {
                chunks.next = end + 1
                if line.isEmpty { return chunks.start..<chunks.end }
                continue
            }
            guard let count = ASCII.hexadecimal(buffer.span.extracting(line)),
                chunks.end - chunks.start + count <= Self.longestBody_bytes
            else { throw .malformed("the size of a chunk is no number, or too large") }
            guard count > 0 else {
                (chunks.next, chunks.isLast) = (end + 1, true)
                continue
            }
            guard filled >= end + 1 + count + 2 else { return nil }
            guard buffer[end + 1 + count] == 0x0D, buffer[end + 2 + count] == 0x0A else {
                throw .malformed("a chunk is longer than it says")
            }
            for index in 0..<count { buffer[chunks.end + index] = buffer[end + 1 + index] }
            chunks.end += count
            chunks.next = end + 3 + count
        }
        guard filled - chunks.next <= Self.longestHead_bytes else {
            throw .malformed("a line of a chunk is longer than \(Self.longestHead_bytes) bytes")
        }
        return nil
    }

    private mutating func takeStart(_ line: Range<Int>) throws(HTTPError) {
        switch kind {
        case .response:
            guard let (number, isOld) = HTTPLine.status(buffer.span.extracting(line)) else {
                throw .malformed("the first line is no status of HTTP/1")
            }
            // Nothing after HTTP/1.0 is counted on.
            (status, closes) = (number, isOld)
        case .request:
            let found = HTTPLine.request(
                buffer.span.extracting(first: line.upperBound), from: line.lowerBound)
            guard let found else { throw .malformed("the first line is no request of HTTP/1.1") }
            (method, target) = found
        }
    }

    private mutating func takeField(_ line: Range<Int>) throws(HTTPError) {
        guard fields.count < Self.mostFields else { throw .malformed("more than \(Self.mostFields) fields") }
        let (field, meaning) = try HTTPLine.field(
            buffer.span.extracting(first: line.upperBound), from: line.lowerBound)
        fields.append(field)
        switch meaning {
        case .length(let length):
            guard contentLength == nil else { throw .malformed("Content-Length stands twice") }
            contentLength = length
        case .host: hosts += 1
        case .close: closes = true
        case .waits: expectsContinue = true
        case .encoding where kind == .response:
            throw .malformed("a compressed body (Content-Encoding), which was not asked for")
        case .encoding: break
        case .chunks where kind == .response: isInChunks = true
        case .chunks:
            throw .malformed("a body in chunks (Transfer-Encoding), which is not taken in a request")
        case nil: break
        }
    }
}
