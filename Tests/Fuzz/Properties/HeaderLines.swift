import AuthCore
import AuthText

@testable import AuthStrategies

/// The parts found are those that plain splitting finds, and nothing is found where it finds none.
func checkBearer(_ line: [UInt8]) throws {
    let found = BearerHeader.split(line.span).map { [$0.header, $0.payload, $0.signature].map { line[$0] } }
    let value = value(of: "authorization:", line)
    let isBearer = value.map { lowercased(Array($0)).starts(with: "bearer ".utf8) } == true
    let token = isBearer ? value?.dropFirst("bearer ".utf8.count).drop { $0 == UInt8(ascii: " ") } : nil
    let parts = token?.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let isToken = line.count <= 16_384 && parts?.count == 3 && parts?.contains { $0.isEmpty } == false
    try promise(found == (isToken ? parts : nil), "found \(String(describing: found)) in a bearer header")
}

/// The token found is the only session cookie of the line, and nothing is found where there is not just one.
func checkCookie(_ line: [UInt8]) throws {
    let found = SessionToken.find(in: line.span).map { line[$0] }
    let prefix = Array("\(Cookie.name)=".utf8)
    let value = value(of: "cookie:", line)
    let isCookie = line.count <= 16_384 && value != nil
    let values = (value ?? [])
        .split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        .map { $0.drop { $0 == UInt8(ascii: " ") } }
        .filter { $0.starts(with: prefix) }
        .map { $0.dropFirst(prefix.count) }
    let isToken = values.count == 1 && values[0].count == 43 && Base64URL.isText(Array(values[0]).span)
    try promise(
        found == (isCookie && isToken ? values[0] : nil), "found \(String(describing: found)) in a cookie")
}

/// The value of a field without the white space before it (RFC 9110 section 5.5).
private func value(of name: String, _ line: [UInt8]) -> ArraySlice<UInt8>? {
    guard lowercased(line).starts(with: name.utf8) else { return nil }
    return line.dropFirst(name.utf8.count).drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
}
