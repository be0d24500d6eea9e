import AuthCore
import Foundation

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
