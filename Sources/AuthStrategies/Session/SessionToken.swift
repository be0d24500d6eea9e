import AuthCore
import AuthText
import Backends

/// An opaque session identifier: 32 random bytes as 43 characters of base64url, in a `__Host-` cookie.
///
/// 256 bits are twice what OWASP ASVS 5.0 section 7.2.3 asks for. Stores see only its SHA-256, so that a
/// leaked store holds nothing that could be presented.
enum SessionToken {
    static let length = 43
    private static let prefix = Array("Cookie: \(Cookie.name)=".utf8)
    private static let fieldName = Array("Cookie: ".utf8)
    private static let cookieName = Array(Cookie.name.utf8)

    static func mint() throws -> [UInt8] {
        Base64URL.encode(try SecureRandom.bytes(32))
    }

    static func credential(_ token: [UInt8]) -> Credential {
        var line = prefix
        line.reserveCapacity(prefix.count + length)
        line.append(contentsOf: token)
        return Credential(headerLine: line)
    }

    /// Finds the session token in a `Cookie:` header line (RFC 6265 section 4.2.1).
    ///
    /// - Returns: where it stands; `nil` for a line that is no cookie header, a value of another length or
    ///   alphabet than a token, or two cookies of the name: nothing of that reaches the store.
    static func find(in line: Span<UInt8>) -> Range<Int>? {
        guard line.count <= HeaderLine.longest_bytes, var start = cookiesStart(line) else { return nil }
        var found: Range<Int>?
        while start < line.count {
            while start < line.count, line[start] == UInt8(ascii: " ") { start += 1 }
            let end = ByteSearch.firstIndex(of: UInt8(ascii: ";"), in: line, from: start) ?? line.count
            if isSession(line, start..<end) {
                guard found == nil else { return nil }
                found = (start + cookieName.count + 1)..<end
            }
            start = end + 1
        }
        guard let found, isToken(line.extracting(found)) else { return nil }
        return found
    }

    private static func cookiesStart(_ line: Span<UInt8>) -> Int? {
        HeaderLine.begins(line, with: fieldName.span)
            ? fieldName.count : HeaderLine.valueStart(line, name: "cookie")
    }

    private static func isSession(_ line: Span<UInt8>, _ pair: Range<Int>) -> Bool {
        let name = cookieName.span
        guard pair.count > name.count, line[pair.lowerBound + name.count] == UInt8(ascii: "=") else {
            return false
        }
        return line.extracting(pair.lowerBound..<(pair.lowerBound + name.count)).elementsEqual(name)
    }

    private static func isToken(_ token: Span<UInt8>) -> Bool {
        token.count == length && Base64URL.isText(token)
    }
}
