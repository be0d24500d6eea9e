/// Claims of the user's own, which token strategies add to those that they set and check themselves.
///
/// As JSON they have one form, names in the order of their bytes, so that the same claims weigh the same everywhere.
public struct OwnClaims: Sendable, Equatable {
    /// The members of a JSON object without its braces; empty where there are none.
    public let members: String
    private let value: JSONValue

    /// What the strategies say themselves, and take from nobody else.
    package static let taken = [
        "aud", "auth_time", "client_id", "exp", "gen", "iat", "iss", "jti", "nbf", "scope", "sub",
    ]
    /// The members as JSON; a header line with the largest signature, of 4096 bits, is then within what strategies read.
    package static let longest_bytes = 8192
    /// The readers of tokens take 64 members, of which the strategies need up to 11.
    package static let mostMembers = 53

    public init() { (members, value) = ("", .object([])) }

    public var isEmpty: Bool { members.isEmpty }
}

extension OwnClaims: Codable {
    /// Reads one object.
    ///
    /// - Throws: `WorkloadError` for what cannot stand in a token of the strategies, or `DecodingError`.
    public init(from decoder: any Decoder) throws {
        guard let value = try? decoder.container(keyedBy: AnyKey.self), !value.allKeys.isEmpty else {
            throw WorkloadError("claims is no object with members: give one, such as {\"role\": \"admin\"}")
        }
        self.value = try JSONValue(from: decoder)
        members = String(self.value.text.dropFirst().dropLast())
        guard case .object(let claims) = self.value else { return }
        if let name = claims.map(\.name).first(where: Self.taken.contains) {
            throw WorkloadError(
                "claims.\(name) is set by the strategies themselves: leave out \(Self.taken.joined(separator: ", "))"
            )
        }
        if claims.count > Self.mostMembers {
            throw WorkloadError("claims has \(claims.count) members: give at most \(Self.mostMembers)")
        }
        let count = members.utf8.count
        if count > Self.longest_bytes {
            throw WorkloadError(
                "claims are \(count) bytes of JSON: give at most \(Self.longest_bytes), so that strategies can read"
                    + " the header line, which base64 makes a third longer")
        }
    }

    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

/// Any JSON value, with the members of objects in the order of their names' bytes.
private indirect enum JSONValue: Sendable, Equatable, Codable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([Member])

    struct Member: Sendable, Equatable {
        var name: String
        var value: JSONValue
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: AnyKey.self) {
            let keys = object.allKeys.sorted {
                $0.stringValue.utf8.lexicographicallyPrecedes($1.stringValue.utf8)
            }
            self = .object(
                try keys.map { Member(name: $0.stringValue, value: try object.decode(Self.self, forKey: $0)) }
            )
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var values: [Self] = []
            while !list.isAtEnd { values.append(try list.decode(Self.self)) }
            self = .list(values)
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let flag = try? single.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? single.decode(Int64.self) {
            self = .integer(integer)
        } else if let text = try? single.decode(String.self) {
            self = .text(text)
        } else {
            self = .number(try single.decode(Double.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let members):
            var object = encoder.container(keyedBy: AnyKey.self)
            for member in members { try object.encode(member.value, forKey: AnyKey(member.name)) }
        case .list(let values):
            var list = encoder.unkeyedContainer()
            for value in values { try list.encode(value) }
        default:
            var single = encoder.singleValueContainer()
            switch self {
            case .flag(let flag): try single.encode(flag)
            case .integer(let integer): try single.encode(integer)
            case .number(let number): try single.encode(number)
            case .text(let text): try single.encode(text)
            default: try single.encodeNil()
            }
        }
    }

    /// As JSON without white space.
    var text: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .text(let text): Self.quoted(text)
        case .list(let values): "[\(values.map(\.text).joined(separator: ","))]"
        case .object(let members):
            "{\(members.map { "\(Self.quoted($0.name)):\($0.value.text)" }.joined(separator: ","))}"
        }
    }

    /// A string with the escapes that JSON asks for and no others (RFC 8259 section 7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
