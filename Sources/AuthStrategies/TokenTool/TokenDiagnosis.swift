import AuthCore
import AuthText

/// Holds a token against rules, part by part, and says which header or claim is to blame.
///
/// It reads the token as the strategies' verifier does, and takes what the rules allow beyond that. The signature is for
/// the caller to check, between the form and the claims.
struct TokenDiagnosis {
    let line: [UInt8]
    let algorithm: String
    /// The `kid` of the key; `nil` for a key that has none, of which a token may say what it likes.
    let keyID: String?
    let signature_bytes: Int
    let policy: Policy
    let rules: TokenRules
    let lifetime_ms: Int64
    let now: Instant

    /// The payload as text.
    var claims: String? { payload.map { String(decoding: $0, as: UTF8.self) } }

    var parts: BearerHeader.Parts? { BearerHeader.split(line.span) }

    private var payload: [UInt8]? { parts.flatMap { Base64URL.decode(line.span.extracting($0.payload)) } }

    /// The members of the JOSE header; `nil` where it is none.
    var header: JSONObject? { Self.header(of: line) }

    static func header(of line: [UInt8]) -> JSONObject? {
        guard let parts = BearerHeader.split(line.span), parts.header.count <= 1024 else { return nil }
        return Base64URL.decode(line.span.extracting(parts.header)).flatMap { JSONObject($0) }
    }

    /// What to say beside the reason; nothing of what the token says is repeated.
    func detail(of refusal: Refusal) -> String? {
        switch refusal {
        case .malformed: formFault ?? "the claims have too many members or levels"
        case .wrongClaims: reading?.allFaults.joined(separator: "; ")
        case .expired: "exp has passed" + (rules.leeway_ms > 0 ? ", the leeway too" : "")
        case .insufficientScope:
            reading?.claims[rules.scopeClaim] == nil
                ? "\(rules.scopeClaim) is missing" : "\(rules.scopeClaim) does not grant \(rules.scope ?? "")"
        case .unknown, .badSignature, .reused: nil
        }
    }

    // MARK: Form

    /// What is wrong with the token before anything in it is believed; `nil` for a good form.
    var formFault: String? {
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
        return JSONObject(payload) == nil
            ? "the claims are not one object of strict JSON in which no name stands twice" : nil
    }

    private func headerFaults(_ text: Span<UInt8>) -> [String] {
        guard text.count <= 1024 else { return ["the header is longer than 1024 characters"] }
        guard Base64URL.decode(text) != nil else { return ["the header is no base64url without padding"] }
        guard let header else {
            return ["the header is not one object of strict JSON in which no name stands twice"]
        }
        var faults: [String] = []
        if header["alg"]?.text != Array(algorithm.utf8) {
            faults.append(header.fault("alg", "of the header is not \(algorithm)", in: "from the header"))
        }
        if let kid = header["kid"] {
            if kid.text == nil { faults.append("kid of the header is not a text") }
            if let keyID, kid.text != nil, kid.text != Array(keyID.utf8) {
                faults.append("kid of the header is not \(keyID), that of the key")
            }
        }
        if !rules.types.allow(header["typ"]) {
            faults.append(header.fault("typ", "of the header is not \(rules.types)", in: "from the header"))
        }
        for name in ["crit", "b64"] where header[name] != nil {
            faults.append("\(name) stands in the header, and no extension is understood")
        }
        return faults
    }

    // MARK: Claims

    /// Why the claims are refused, by the rules alone; `nil` for good ones.
    var claimsRefusal: Refusal? {
        guard let reading else { return .malformed }
        if !reading.faults.isEmpty { return .wrongClaims }
        if reading.isExpired { return .expired }
        if !reading.timeFaults.isEmpty { return .wrongClaims }
        return reading.isScopeGranted ? nil : .insufficientScope
    }

    /// Whether `sub` is a text, but no name of the strategies' users.
    var isStranger: Bool {
        guard let text = reading?.claims["sub"]?.text, !text.isEmpty else { return false }
        return SubjectName.decode(text.span) == nil
    }

    /// The number of a user of the strategies, or else the text of `sub`, as JSON; `nil` where there is none.
    ///
    /// Only tokens by the strategies' rules have numbers: elsewhere a text of the same form is a stranger's.
    var subject: String? {
        guard let value = reading?.claims["sub"], let text = value.text else { return nil }
        let user = rules.shape == .rfc9068 ? SubjectName.decode(text.span) : nil
        return user.map { "\($0.id)" } ?? String(decoding: value.json, as: UTF8.self)
    }

    private var reading: ClaimsReading? {
        payload.flatMap { JSONObject($0) }.map {
            ClaimsReading($0, policy: policy, rules: rules, lifetime_ms: lifetime_ms, now: now)
        }
    }
}

/// What is wrong with the claims of one token, each thing once.
private struct ClaimsReading {
    let claims: JSONObject
    private let policy: Policy
    private let rules: TokenRules
    /// What is missing or not what it must be.
    private(set) var faults: [String] = []
    /// What is wrong with the moments, where they are moments.
    private(set) var timeFaults: [String] = []
    private(set) var isExpired = false

    init(_ claims: JSONObject, policy: Policy, rules: TokenRules, lifetime_ms: Int64, now: Instant) {
        (self.claims, self.policy, self.rules) = (claims, policy, rules)
        findFaults()
        findTimeFaults(lifetime_ms, now)
    }

    var allFaults: [String] {
        faults.isEmpty && timeFaults.isEmpty ? ["the claims do not go together"] : faults + timeFaults
    }

    var isScopeGranted: Bool {
        guard let scope = rules.scope.map({ Array($0.utf8) }) else { return true }
        guard let value = claims[rules.scopeClaim] else { return false }
        if let list = value.texts { return list.contains(scope) }
        return value.text?.split(separator: UInt8(ascii: " ")).contains { Array($0) == scope } ?? false
    }

    private mutating func findFaults() {
        let isProfile = rules.shape == .rfc9068
        let (issuer, audience) = (Array(policy.issuer.utf8), Array(policy.audience.utf8))
        expect("iss", isAsked: true, "is not the issuer asked for, \(policy.issuer)") { $0.text == issuer }
        if rules.asksForAudience {
            expect("aud", isAsked: true, "is not the audience asked for, \(policy.audience), nor names it") {
                $0.text == audience || $0.texts?.contains(audience) == true
            }
        } else {
            expect("aud", isAsked: false, "is no text and no list of texts") {
                $0.text != nil || $0.texts != nil
            }
        }
        expect("sub", isAsked: isProfile, "is not a text of a character or more") {
            $0.text?.isEmpty == false
        }
        for name in ["client_id", "jti"] {
            expect(name, isAsked: isProfile, "is not a text") { $0.text != nil }
        }
        if rules.scope != nil {
            expect(
                rules.scopeClaim, isAsked: false,
                isProfile ? "is not a text" : "is no text and no list of texts"
            ) {
                $0.text != nil || !isProfile && $0.texts != nil
            }
        }
        if isProfile {
            expect("gen", isAsked: false, "is not a whole number from 0 on") {
                ($0.date?.milliseconds).map { $0 >= 0 && $0 % 1000 == 0 } ?? false
            }
        }
        for claim in rules.required {
            let wanted = claim.value.map { "is not \($0), nor names it" } ?? ""
            expect(claim.name, isAsked: true, wanted) { claim.isMet(by: $0) }
        }
    }

    private mutating func expect(
        _ name: String, isAsked: Bool, _ fault: String, _ isGood: (JSONObject.Value) -> Bool
    ) {
        guard let value = claims[name] else {
            if isAsked { faults.append("\(name) is missing") }
            return
        }
        if !isGood(value) { faults.append("\(name) \(fault)") }
    }

    private mutating func findTimeFaults(_ lifetime_ms: Int64, _ now: Instant) {
        var dates: [String: Instant] = [:]
        for name in ["exp", "iat", "nbf", "auth_time"] {
            guard let value = claims[name] else {
                let isAsked = name == "exp" || name == "iat" && rules.shape == .rfc9068
                if isAsked { faults.append("\(name) is missing") }
                continue
            }
            dates[name] = value.date
            if value.date == nil { faults.append("\(name) is no date: a number of seconds since 1970") }
        }
        let soon = now.advanced(byMilliseconds: rules.leeway_ms)
        for name in ["iat", "nbf"] where dates[name].map({ $0 > soon }) == true {
            timeFaults.append("\(name) is in the future")
        }
        guard let expiry = dates["exp"] else { return }
        isExpired = expiry <= now.advanced(byMilliseconds: -rules.leeway_ms)
        // A token that must say when it was made, and does not, is refused for that.
        guard let start = dates["iat"] ?? (rules.shape == .jwt ? now : nil) else { return }
        if dates["iat"] != nil, expiry <= start { timeFaults.append("exp is not after iat") }
        if expiry.milliseconds(since: start) > lifetime_ms {
            let name = dates["iat"] == nil ? "now, and iat is missing" : "iat"
            timeFaults.append("exp is more than \(lifetime_ms / 1000) s after \(name)")
        }
    }
}

/// The members of one object of strict JSON, under whatever names.
struct JSONObject {
    private let members: [(name: [UInt8], value: Value)]

    /// One value as it stands in the text.
    struct Value {
        let json: [UInt8]

        /// The text of a string without escapes; `nil` for another value.
        var text: [UInt8]? {
            var reader = try? JSONReader(beginning: json.span)
            return (try? reader?.readTextValue(json.span))?.unescaped(in: json.span)
        }

        /// The texts of an array of strings only; `nil` for another value.
        var texts: [[UInt8]]? {
            guard json.first == UInt8(ascii: "["), var reader = try? JSONReader(beginning: json.span) else {
                return nil
            }
            var (texts, areTexts) = ([[UInt8]](), true)
            let fault = catchFault { () throws(JSONError) in
                try reader.readElements(json.span) { (reader) throws(JSONError) in
                    let text = try reader.readTextValue(json.span)?.unescaped(in: json.span)
                    if let text { texts.append(text) } else { areTexts = false }
                }
            }
            return fault == nil && areTexts ? texts : nil
        }

        /// A NumericDate (RFC 7519 section 2); `nil` for another value.
        var date: Instant? {
            var reader = try? JSONReader(beginning: json.span)
            return try? reader?.readNumericDate(json.span)
        }
    }

    /// Reads a whole text; `nil` where it is not one object, or a name stands twice.
    init?(_ bytes: [UInt8]) {
        var members: [(name: [UInt8], value: Value)] = []
        let fault = catchFault { () throws(JSONError) in
            var reader = try JSONReader(beginning: bytes.span)
            try reader.readNamedMembers(bytes.span) { (name, reader) throws(JSONError) in
                let range = try reader.readValue(bytes.span)
                members.append((name.unescaped(in: bytes.span), Value(json: Array(bytes[range]))))
            }
            try reader.finish(bytes.span)
        }
        guard fault == nil else { return nil }
        self.members = members
    }

    subscript(name: String) -> Value? { members.first { $0.name.elementsEqual(name.utf8) }?.value }

    /// That a member is missing, or is not what it must be.
    func fault(_ name: String, _ fault: String, in place: String) -> String {
        self[name] == nil ? "\(name) is missing \(place)" : "\(name) \(fault)"
    }
}
