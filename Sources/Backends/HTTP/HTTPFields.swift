/// What has come in with a message.
extension HTTPMessage {
    package func withBody<Result, Failure: Error>(
        _ take: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try take(buffer.span.extracting(body ?? 0..<0))
    }

    package func withTarget<Result>(_ take: (Span<UInt8>) -> Result) -> Result {
        take(buffer.span.extracting(target))
    }

    /// GET, or HEAD, whose answer is that of GET without the body (RFC 9110 section 9.3.2).
    package var isGet: Bool { isMethod("GET") || isMethod("HEAD") }

    package var isPost: Bool { isMethod("POST") }

    package func isMethod(_ name: StaticString) -> Bool {
        ASCII.areEqual(buffer.span.extracting(method), name, foldingCase: false)
    }

    package func isTarget(_ path: StaticString) -> Bool {
        ASCII.areEqual(buffer.span.extracting(target), path, foldingCase: false)
    }

    /// How many fields have a name, given in lower case.
    package func count(of name: StaticString) -> Int {
        fields.count { ASCII.areEqual(buffer.span.extracting($0.name), name) }
    }

    /// Hands over each value of a field that may stand several times.
    package func withEach(_ name: StaticString, _ take: (Span<UInt8>) -> Void) {
        for field in fields where ASCII.areEqual(buffer.span.extracting(field.name), name) {
            take(buffer.span.extracting(field.value))
        }
    }

    /// Hands over a whole line, name and value as they came in; `nil` where there is none, or more than one.
    package func withLine<Result, Failure: Error>(
        _ name: StaticString, _ take: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard count(of: name) == 1,
            let field = fields.first(where: { ASCII.areEqual(buffer.span.extracting($0.name), name) })
        else { return nil }
        return try take(buffer.span.extracting(field.name.lowerBound..<field.value.upperBound))
    }

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
}
