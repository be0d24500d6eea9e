import AuthCore
import AuthText
import Backends

/// What the body of a request says.
struct ServiceForm {
    var user: UInt64?
    var refreshToken: [UInt8] = []
    var age_ms: UInt64 = 0
    var flaw: Flaw?

    private static let user = JSONName("user")
    private static let refreshToken = JSONName("refresh_token")
    private static let age = JSONName("age_ms")
    private static let flaw = JSONName("flaw")

    /// - Returns: `nil` for a text that is no JSON object, or has a value of another kind than it should have.
    init?(_ body: Span<UInt8>) {
        var (form, isSound) = (Self(), true)
        let fault = catchFault { () throws(JSONError) in
            try JSONReader.readObject(body) { (name, reader) throws(JSONError) in
                switch name {
                case Self.user:
                    form.user = try Self.number(&reader, body)
                    isSound = isSound && form.user != nil
                case Self.age:
                    let age_ms = try Self.number(&reader, body)
                    (form.age_ms, isSound) = (age_ms ?? 0, isSound && age_ms != nil)
                case Self.refreshToken: form.refreshToken = try reader.readString(body).unescaped(in: body)
                case Self.flaw:
                    let text = try reader.readString(body).unescaped(in: body)
                    form.flaw = Flaw(named: String(decoding: text, as: UTF8.self))
                    isSound = isSound && form.flaw != nil
                default: try reader.skipValue(body)
                }
            }
        }
        guard fault == nil, isSound else { return nil }
        self = form
    }

    private init() {}

    private static func number(
        _ reader: inout JSONReader, _ body: Span<UInt8>
    ) throws(JSONError) -> UInt64? {
        DecimalText.number(body.extracting(try reader.readValue(body)))
    }
}

extension Flaw {
    /// By the names that a contract's `{{flaw}}` has.
    init?(named name: String) {
        guard let flaw = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = flaw
    }

    package var name: String {
        switch self {
        case .wrongAudience: "wrong-audience"
        case .unknown: "unknown"
        }
    }
}
