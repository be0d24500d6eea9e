import AuthCore
import Backends

/// The JOSE header that tokens of one key have, and what a received one must be.
struct TokenHeader: Sendable {
    private let algorithm: [UInt8]
    private let keyID: [UInt8]
    /// The header of our own tokens, encoded.
    let encoded: [UInt8]

    init(algorithm: String, keyID: String) {
        self.algorithm = Array(algorithm.utf8)
        self.keyID = Array(keyID.utf8)
        encoded = Base64URL.encode(Array(#"{"alg":"\#(algorithm)","kid":"\#(keyID)","typ":"at+jwt"}"#.utf8))
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
        let fault = catchFault { () throws(JSONFault) in
            try JSONReader.readObject(bytes.span) { (name, reader) throws(JSONFault) in
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
func catchFault(_ body: () throws(JSONFault) -> Void) -> JSONFault? {
    do {
        try body()
        return nil
    } catch { return error }
}

extension JSONReader {
    /// Reads any value, and says whether it is a string equal to one of some texts.
    mutating func readText(
        _ bytes: Span<UInt8>, equalTo texts: [[UInt8]], foldingCase: Bool = false
    ) throws(JSONFault) -> Bool {
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
