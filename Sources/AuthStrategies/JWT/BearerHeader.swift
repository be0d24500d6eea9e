import AuthCore
import Backends

/// The header line of a bearer token: `Authorization: Bearer …` (RFC 6750 section 2.1).
enum BearerHeader {
    static let prefix = Array("Authorization: Bearer ".utf8)

    /// Where the three parts of a compact JWS (RFC 7515 section 7.1) stand in a header line.
    struct Parts {
        var header: Range<Int>
        var payload: Range<Int>
        var signature: Range<Int>

        var signingInput: Range<Int> { header.lowerBound..<payload.upperBound }
    }

    /// Splits a header line without decoding anything.
    ///
    /// - Returns: `nil` for another field or scheme, a line over the size limit, or any number of parts but three non-empty
    ///   ones.
    static func split(_ line: Span<UInt8>) -> Parts? {
        guard line.count <= HeaderLine.longest_bytes, let start = tokenStart(line) else { return nil }
        guard let first = nextDot(line, from: start), let second = nextDot(line, from: first + 1),
            nextDot(line, from: second + 1) == nil
        else { return nil }
        let parts = Parts(
            header: start..<first, payload: (first + 1)..<second, signature: (second + 1)..<line.count)
        guard !parts.header.isEmpty, !parts.payload.isEmpty, !parts.signature.isEmpty else { return nil }
        return parts
    }

    /// Where the token begins, behind one space or more (1*SP, RFC 9110 section 11.4).
    private static func tokenStart(_ line: Span<UInt8>) -> Int? {
        var start = prefix.count
        if !HeaderLine.begins(line, with: prefix.span) {
            guard let value = HeaderLine.valueStart(line, name: "authorization"),
                HeaderLine.hasPrefix(line, "bearer ", at: value)
            else { return nil }
            start = value + 7
        }
        while start < line.count, line[start] == UInt8(ascii: " ") { start += 1 }
        return start
    }

    private static func nextDot(_ line: Span<UInt8>, from start: Int) -> Int? {
        ByteSearch.firstIndex(of: UInt8(ascii: "."), in: line, from: start)
    }
}
