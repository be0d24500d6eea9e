import AuthCore
import AuthText
import Foundation

@testable import AuthStrategies

/// What the strict reader takes is an object for Foundation too.
func checkJSON(_ text: [UInt8]) throws {
    let fault = catchFault { () throws(JSONError) in
        try JSONReader.readObject(text.span) { (_, reader) throws(JSONError) in
            try reader.skipValue(text.span)
        }
    }
    if fault == nil { _ = try object(text) }
    if case .syntax(let offset)? = fault {
        try promise(0...text.count ~= offset, "a fault at \(offset), outside the text")
    }
}

/// Claims that are accepted say for Foundation what they must.
func checkClaims(_ text: [UInt8]) throws {
    let (now, rules) = (Instant.traceStart, ClaimRules(Policy(), lifetime_ms: 900_000))
    guard let claims = try? AccessTokenClaims(text.span, rules: rules, requiring: .read),
        claims.refusal(at: now, rules: rules) == nil
    else { return }
    guard let object = try object(text) else { return }
    func isText(_ name: String) -> Bool { object[name] is String }
    let audiences = object["aud"] as? [String] ?? [object["aud"] as? String].compactMap(\.self)
    try promise(same(object["iss"], Policy().issuer), "iss")
    try promise(audiences.contains { same($0, Policy().audience) }, "aud")
    try promise(isText("sub") && isText("client_id") && isText("jti"), "sub, client_id or jti")
    try promise((object["scope"] as? String)?.split(separator: " ").contains("read") == true, "scope")
    let (start, end) = (try seconds(object, "iat"), try seconds(object, "exp"))
    // Instants are whole milliseconds, rounded down.
    try promise(start < Double(now.seconds) + 0.001 && end > Double(now.seconds), "iat or exp")
    try promise(end - start < 900.002, "lives too long")
    if object["nbf"] != nil { try promise(try seconds(object, "nbf") < Double(now.seconds) + 0.001, "nbf") }
}

/// A header that is accepted names for Foundation our algorithm, key and type, and no extension.
func checkJOSEHeader(_ text: [UInt8]) throws {
    let header = TokenHeader(algorithm: "HS256", keyID: "k")
    guard header.accepts(Base64URL.encode(text).span), let object = try object(text) else { return }
    try promise(same(object["alg"], "HS256") && same(object["kid"], "k"), "alg or kid")
    let type = (object["typ"] as? String)?.lowercased()
    try promise(same(type, "at+jwt") || same(type, "application/at+jwt"), "typ")
    try promise(object["crit"] == nil && object["b64"] == nil, "crit or b64")
}

/// The object that Foundation reads; `nil` where a number is beyond a `Double`, which the grammar allows.
private func object(_ text: [UInt8]) throws -> [String: Any]? {
    do {
        guard let object = try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any] else {
            throw BreachError("taken, but no object for Foundation")
        }
        return object
    } catch let error as CocoaError {
        guard "\(error)".contains("not representable") else {
            throw BreachError("taken, but not by Foundation: \(error)")
        }
        return nil
    }
}

/// Whether a value is this text, byte for byte: Swift's `==` takes canonically equivalent texts for one.
private func same(_ value: Any?, _ text: String) -> Bool {
    (value as? String)?.utf8.elementsEqual(text.utf8) == true
}

private func seconds(_ object: [String: Any], _ name: String) throws -> Double {
    guard let number = object[name] as? NSNumber else { throw BreachError("\(name) is no number") }
    return number.doubleValue
}
