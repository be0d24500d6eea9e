import AuthCore
import AuthText

/// Why a token that the strategies' verifier refused is refused, part by part and by the same rules.
///
/// A claim or header is to blame when a token that is good in all else would be refused for it.
struct TokenDiagnosis {
    let line: [UInt8]
    let algorithm: String
    let keyID: String
    let signature_bytes: Int
    let policy: Policy
    let rules: ClaimRules
    let scope: Scope
    let now: Instant

    /// The payload as text.
    var claims: String? { payload.map { String(decoding: $0, as: UTF8.self) } }

    private var parts: BearerHeader.Parts? { BearerHeader.split(line.span) }

    private var payload: [UInt8]? { parts.flatMap { Base64URL.decode(line.span.extracting($0.payload)) } }

    /// What to say beside the reason; nothing of what the token says is repeated.
    func detail(of refusal: Refusal) -> String? {
        switch refusal {
        case .malformed: formFault()
        case .wrongClaims: claimFaults().joined(separator: "; ")
        case .expired: "exp has passed"
        case .insufficientScope: "scope does not grant what is asked for"
        case .unknown, .badSignature, .reused: nil
        }
    }

    // MARK: Form

    private func formFault() -> String {
        guard line.count <= HeaderLine.longest_bytes else {
            return "the header line is longer than \(HeaderLine.longest_bytes) bytes"
        }
        guard let parts else {
            return "no compact JWT: three parts with two dots, behind Bearer if it is a header line"
        }
        let faults = headerFaults(line.span.extracting(parts.header))
        guard faults.isEmpty else { return faults.joined(separator: "; ") }
        guard Base64URL.decode(line.span.extracting(parts.signature))?.count == signature_bytes else {
            return "the signature is not \(signature_bytes) bytes in base64url"
        }
        guard let payload else { return "the claims are no base64url without padding" }
        return Self.members(payload) == nil
            ? "the claims are not one object of strict JSON in which no name stands twice"
            : "the claims have too many members or levels"
    }

    private func headerFaults(_ text: Span<UInt8>) -> [String] {
        guard text.count <= 1024 else { return ["the header is longer than 1024 characters"] }
        guard let bytes = Base64URL.decode(text) else {
            return ["the header is no base64url without padding"]
        }
        guard let members = Self.members(bytes) else {
            return ["the header is not one object of strict JSON in which no name stands twice"]
        }
        let expected = TokenHeader(algorithm: algorithm, keyID: keyID)
        let good = ["alg": "\"\(algorithm)\"", "kid": "\"\(keyID)\"", "typ": "\"at+jwt\""]
        let wanted = ["alg": algorithm, "kid": "\(keyID), that of the key", "typ": "at+jwt"]
        var faults = good.keys.sorted().compactMap { name -> String? in
            guard let value = members[name] else { return "\(name) is missing from the header" }
            let json = Self.json(good.merging([name: value]) { $1 })
            let isGood = expected.accepts(Base64URL.encode(json).span)
            return isGood ? nil : "\(name) of the header is not \(wanted[name] ?? "")"
        }
        for name in ["crit", "b64"] where members[name] != nil {
            faults.append("\(name) stands in the header, and no extension is understood")
        }
        return faults
    }

    // MARK: Claims

    /// The text of a `sub` that is no name of the strategies' users, as JSON.
    var strangerSubject: String? {
        guard let payload, let text = Self.members(payload)?["sub"], text.hasPrefix("\""), text.utf8.count > 2
        else {
            return nil
        }
        return refusal(of: ["sub": text]) == nil ? nil : text
    }

    /// What the verifier would say if the subject were one of the strategies' users.
    var refusalOfStranger: Refusal? {
        guard let payload, var members = Self.members(payload) else { return .malformed }
        members["sub"] = good["sub"]
        return refusal(members)
    }

    private func claimFaults() -> [String] {
        guard let payload, let members = Self.members(payload) else { return [] }
        let texts = [
            "iss": "the issuer asked for", "aud": "nor names the audience asked for", "client_id": "a text",
            "jti": "a text", "sub": "a text of a character or more", "scope": "a text",
        ]
        var faults = ["iss", "aud", "sub", "client_id", "jti", "scope"].compactMap { name -> String? in
            guard let value = members[name] else { return name == "scope" ? nil : "\(name) is missing" }
            if name == "sub", strangerSubject != nil { return nil }
            guard refusal(of: [name: value]) == .wrongClaims else { return nil }
            return "\(name) is not \(texts[name] ?? "")"
        }
        faults += dateFaults(members)
        return faults.isEmpty ? ["the claims do not go together"] : faults
    }

    private func dateFaults(_ members: [String: String]) -> [String] {
        var (faults, dates) = ([String](), [String: Instant]())
        for name in ["exp", "iat", "nbf", "auth_time"] {
            guard let text = members[name] else {
                if name == "exp" || name == "iat" { faults.append("\(name) is missing") }
                continue
            }
            let bytes = Array(text.utf8)
            var reader = try? JSONReader(beginning: bytes.span)
            dates[name] = try? reader?.readNumericDate(bytes.span)
            if dates[name] == nil { faults.append("\(name) is no date: a number of seconds since 1970") }
        }
        for name in ["iat", "nbf"] where dates[name].map({ $0 > now }) == true {
            faults.append("\(name) is in the future")
        }
        guard let issued = dates["iat"], let expiry = dates["exp"] else { return faults }
        if expiry <= issued { faults.append("exp is not after iat") }
        if expiry.milliseconds(since: issued) > rules.lifetime_ms {
            faults.append("exp is more than \(rules.lifetime_ms / 1000) s after iat")
        }
        return faults
    }

    /// Claims that are good now.
    private var good: [String: String] {
        var name: [UInt8] = []
        SubjectName.append(Subject(id: 1), to: &name)
        return [
            "iss": "\"\(policy.issuer)\"", "aud": "\"\(policy.audience)\"", "client_id": "\"x\"",
            "jti": "\"x\"",
            "sub": "\"\(String(decoding: name, as: UTF8.self))\"", "iat": "\(now.seconds)",
            "exp": "\(now.seconds + 1)",
        ]
    }

    /// What good claims with these in their place come to.
    private func refusal(of changes: [String: String]) -> Refusal? { refusal(good.merging(changes) { $1 }) }

    private func refusal(_ members: [String: String]) -> Refusal? {
        let json = Self.json(members)
        do {
            let refusal = try AccessTokenClaims(json.span, rules: rules, requiring: scope).refusal(
                at: now, rules: rules)
            return refusal
        } catch { return .malformed }
    }

    // MARK: JSON

    /// The members of a text that is one object of strict JSON, as they stand there.
    private static func members(_ bytes: [UInt8]) -> [String: String]? {
        let names: [StaticString] = [
            "alg", "kid", "typ", "crit", "b64", "iss", "aud", "sub", "client_id", "jti", "scope", "exp",
            "iat", "nbf",
            "auth_time",
        ]
        let known = Dictionary(uniqueKeysWithValues: names.map { (JSONName($0), String(describing: $0)) })
        var members: [String: String] = [:]
        let fault = catchFault { () throws(JSONError) in
            try JSONReader.readObject(bytes.span) { (name, reader) throws(JSONError) in
                let range = try reader.readValue(bytes.span)
                if let name = known[name] { members[name] = String(decoding: bytes[range], as: UTF8.self) }
            }
        }
        return fault == nil ? members : nil
    }

    private static func json(_ members: [String: String]) -> [UInt8] {
        Array(("{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}").utf8)
    }
}
