import AuthCore
import AuthText
import Backends

/// The JOSE header that tokens of one key have, and what a received one must be.
struct TokenHeader: Sendable {
    private let algorithm: [UInt8]
    private let keyID: [UInt8]
    /// The header of our own tokens, encoded.
    let encoded: [UInt8]

    /// Takes the `typ` of the tokens to make; a received one must always have that of RFC 9068.
    init(algorithm: String, keyID: String, type: String = "at+jwt") {
        self.algorithm = Array(algorithm.utf8)
        self.keyID = Array(keyID.utf8)
        encoded = Base64URL.encode(Array(#"{"alg":"\#(algorithm)","kid":"\#(keyID)","typ":"\#(type)"}"#.utf8))
    }

    /// Whether a received header, still encoded, names our algorithm, our key and the type of an access
    /// token.
    ///
    /// A header that is to the letter our own needs no reading. In any other, `alg` and `kid` must be ours
    /// exactly (RFC 8725 section 3.1), `typ` the media type of RFC 9068 section 4, and `crit` must be absent,
    /// because no extension is understood here (RFC 7515 section 4.1.11), and `b64` too (RFC 7797 section 7).
    /// Keys named by the header are never looked at.
    func accepts(_ text: Span<UInt8>) -> Bool {
        if ByteSearch.areEqual(text, encoded.span) { return true }
        guard text.count <= 1024, let bytes = Base64URL.decode(text) else { return false }
        var (isOurs, hasCritical) = (Set<JSONName>(), false)
        let fault = catchFault { () throws(JSONError) in
            try JSONReader.readObject(bytes.span) { (name, reader) throws(JSONError) in
                switch name {
                case .alg:
                    if try reader.readText(bytes.span, equalTo: [algorithm]) { isOurs.insert(name) }
                case .kid:
                    if try reader.readText(bytes.span, equalTo: [keyID]) { isOurs.insert(name) }
                case .typ:
                    if try reader.readText(bytes.span, equalTo: Self.types, foldingCase: true) {
                        isOurs.insert(name)
                    }
                default:
                    if name == .crit || name == .b64 { hasCritical = true }
                    try reader.skipValue(bytes.span)
                }
            }
        }
        return fault == nil && !hasCritical && isOurs == [.alg, .kid, .typ]
    }

    private static let types = ["at+jwt", "application/at+jwt"].map { Array($0.utf8) }
}

extension JSONName {
    fileprivate static let alg = Self("alg")
    fileprivate static let kid = Self("kid")
    fileprivate static let typ = Self("typ")
    fileprivate static let crit = Self("crit")
    fileprivate static let b64 = Self("b64")
}

/// Runs a reading and hands back what was wrong, if anything.
func catchFault(_ body: () throws(JSONError) -> Void) -> JSONError? {
    do {
        try body()
        return nil
    } catch { return error }
}

extension JSONReader {
    /// Reads any value, and says whether it is a string equal to one of some texts.
    mutating func readText(
        _ bytes: Span<UInt8>, equalTo texts: [[UInt8]], foldingCase: Bool = false
    ) throws(JSONError) -> Bool {
        guard peek(bytes) == UInt8(ascii: "\"") else {
            try skipValue(bytes)
            return false
        }
        let string = try readString(bytes)
        guard foldingCase else {
            for text in texts where string.equals(text.span, in: bytes) { return true }
            return false
        }
        return texts.contains(string.unescaped(in: bytes).map(lowercased))
    }
}

/// An ASCII byte in lower case.
private func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}

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
    static func tokenStart(_ line: Span<UInt8>) -> Int? {
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
