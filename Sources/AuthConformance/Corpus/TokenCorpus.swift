import AuthCore
import AuthText
import Backends
import Foundation

/// Makes the hostile tokens against a live key (sections NEG-A to NEG-N of the corpus).
///
/// Those of NEG-M take tens of megabytes, so that they are made only where `addSizes` is called.
struct TokenCorpus {
    let genuine: GenuineToken
    let policy: Policy
    /// The `alg` of the strategy's key.
    let algorithm: String
    /// SubjectPublicKeyInfo in DER; empty for a secret key.
    let publicKey: [UInt8]
    /// Makes a signature with the live key over octets.
    private let signature: ([UInt8]) throws -> [UInt8]
    private(set) var tokens: [HostileToken] = []
    private var counts: [String: Int] = [:]

    init(
        _ genuine: GenuineToken, policy: Policy, publicKey: [UInt8],
        signature: @escaping ([UInt8]) throws -> [UInt8]
    ) throws {
        self.genuine = genuine
        self.policy = policy
        self.publicKey = publicKey
        self.signature = signature
        let said = genuine.text(ofHeader: "alg")?.replacing("\"", with: "")
        algorithm = said ?? (publicKey.isEmpty ? "HS256" : "RS256")
        try addAlgorithms()
        try addConfusions()
        try addSignatures()
        try addHeaders()
        try addEncodings()
        try addJSON()
        try addTimes()
        try addClaims()
        try addFormats()
        addTransports()
    }

    // MARK: Making one

    mutating func add(
        _ group: String, _ requirement: String, _ what: String, _ line: [UInt8], isControl: Bool = false
    ) {
        counts[group, default: 0] += 1
        tokens.append(
            HostileToken(
                id: "NEG-\(group)-\(counts[group] ?? 0)", requirement: requirement, what: what, line: line,
                isControl: isControl))
    }

    /// A token with a good signature over whatever it says.
    func signed(header: String? = nil, claims: String? = nil) throws -> [UInt8] {
        try signed(
            part: GenuineToken.encoded(header ?? genuine.header),
            GenuineToken.encoded(claims ?? genuine.claims))
    }

    /// A token with a good signature over two parts as they are.
    func signed(part header: String, _ payload: String) throws -> [UInt8] {
        let input = "\(header).\(payload)"
        let signature = try signature(Array(input.utf8))
        return genuine.line("\(input).\(GenuineToken.encoded(signature))")
    }

    /// A good signature over the genuine parts, as bytes.
    func genuineSignature() -> [UInt8] {
        Base64URL.decode(Array(genuine.parts[2].utf8).span) ?? []
    }

    /// The genuine header and payload with other signature text.
    func resigned(_ signature: String) -> [UInt8] {
        genuine.line("\(genuine.parts[0]).\(genuine.parts[1]).\(signature)")
    }
}

/// One hostile or harmless token of the corpus.
public struct HostileToken: Sendable {
    /// As in the list of hostile cases: `NEG-A-3`.
    public var id: String
    /// The requirement that it tries.
    public var requirement: String
    public var what: String
    /// The whole header line.
    public var line: [UInt8]
    /// Whether it must be accepted: a control, which shows that the others are refused for their fault alone.
    public var isControl: Bool
}

/// A genuine token taken apart, from which hostile ones are made.
struct GenuineToken {
    /// The whole header line.
    let line: [UInt8]
    /// Of the line, what stands before the token.
    private let prefix: [UInt8]
    /// Encoded, as received.
    let parts: [String]
    let header: String
    let claims: String

    /// - Returns: `nil` for a credential that is no compact JWS.
    init?(_ line: [UInt8]) {
        let credential = CredentialLine(line)
        let parts = String(decoding: credential.secret, as: UTF8.self).split(
            separator: ".", omittingEmptySubsequences: false
        ).map(String.init)
        guard parts.count == 3, let header = Self.decoded(parts[0]), let claims = Self.decoded(parts[1])
        else {
            return nil
        }
        (self.line, self.parts, self.header, self.claims) = (line, parts, header, claims)
        prefix = credential.prefix
    }

    private static func decoded(_ part: String) -> String? {
        let text = Array(part.utf8)
        return Base64URL.decode(text.span).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The JSON texts of some claims; `nil` for each that is absent.
    func texts(of names: [String]) -> [String?] { Self.texts(in: claims, of: names) }

    /// What anyone reads who decodes it, sorted.
    var claimNames: [String] {
        let members = try? JSONSerialization.jsonObject(with: Data(claims.utf8)) as? [String: Any]
        return members?.keys.sorted() ?? []
    }

    private static func texts(in json: String, of names: [String]) -> [String?] {
        let members = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return names.map { name in
            guard let value = members?[name] else { return nil }
            let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .sortedKeys]
            let text = try? JSONSerialization.data(withJSONObject: value, options: options)
            return text.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The JSON text of one member of the header; `nil` where it is absent.
    func text(ofHeader name: String) -> String? { Self.texts(in: header, of: [name])[0] }

    static func encoded(_ text: String) -> String { encoded(Array(text.utf8)) }

    static func encoded(_ bytes: [UInt8]) -> String {
        String(decoding: Base64URL.encode(bytes), as: UTF8.self)
    }

    /// A header line with another token in the place of this one.
    func line(_ token: String) -> [UInt8] { prefix + Array(token.utf8) }

    /// In the place of a JSON text: the member is taken away.
    static let absent = ""

    /// The claims with some set to JSON texts or taken away, and sorted by name.
    func claims(_ changes: [String: String]) -> String { Self.changed(claims, changes) }

    func header(_ changes: [String: String]) -> String { Self.changed(header, changes) }

    /// The claims with text put in before the closing brace.
    func claims(appending text: String) -> String { String(claims.dropLast()) + text + "}" }

    func header(appending text: String) -> String { String(header.dropLast()) + text + "}" }

    private static func changed(_ json: String, _ changes: [String: String]) -> String {
        guard
            var members = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        else { return json }
        for name in changes.keys { members[name] = nil }
        let kept = members.keys.sorted().compactMap { name -> String? in
            guard let value = members[name],
                let text = try? JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed)
            else { return nil }
            return "\"\(name)\":\(String(decoding: text, as: UTF8.self))"
        }
        let new = changes.keys.sorted().compactMap { name in
            changes[name].flatMap { $0 == absent ? nil : "\"\(name)\":\($0)" }
        }
        return "{" + (kept + new).joined(separator: ",") + "}"
    }
}
