import AuthCore
import Backends

/// Where a request goes.
enum ServiceRoute {
    case page, open, resource, sessions, login, probe, renew, logout

    var isPost: Bool {
        switch self {
        case .page, .open, .resource, .sessions: false
        case .login, .probe, .renew, .logout: true
        }
    }

    /// - Returns: `nil` where nothing is there.
    init?(_ request: borrowing HTTPMessage, hasProbes: Bool) {
        if request.isTarget("/resource") {
            self = .resource
        } else if request.isTarget("/open") || request.isTarget("/health") {
            self = .open
        } else if request.isTarget("/login") {
            self = .login
        } else if request.isTarget("/renew") {
            self = .renew
        } else if request.isTarget("/logout") {
            self = .logout
        } else if request.isTarget("/sessions") {
            self = .sessions
        } else if hasProbes, request.isTarget("/probe") {
            self = .probe
        } else if request.isTarget("/") {
            self = .page
        } else {
            return nil
        }
    }
}

extension HTTPResponse {
    /// Says no, and by which error (RFC 6749 section 5.2).
    mutating func refuse(_ status: Int, _ error: StaticString) {
        self.status = status
        body.removeAll(keepingCapacity: true)
        body.append("{\"error\":\"")
        body.append(error)
        body.append("\"}")
    }

    /// Says what a credential is missing (RFC 9110 section 11.6.1, RFC 6750 section 3); all refusals look alike.
    ///
    /// Cookies have no scheme that is registered: theirs only says what is looked at.
    mutating func refuseCredential(_ error: StaticString?, _ transport: Transport) {
        guard transport == .bearer else {
            fields.append("WWW-Authenticate: Cookie realm=\"authbench\"\r\n")
            return refuse(401, error ?? "unauthorized")
        }
        fields.append("WWW-Authenticate: Bearer realm=\"authbench\"")
        if let error {
            fields.append(", error=\"")
            fields.append(error)
            fields.append("\"")
        }
        fields.append("\r\n")
        refuse(401, error ?? "unauthorized")
    }

    /// Hands a credential out, as a cookie (RFC 6265 section 4.1) or in the body (RFC 6749 section 5.1).
    mutating func issue(_ credential: Credential, over transport: Transport) {
        let line = credential.headerLine
        let secret = line.firstIndex(of: UInt8(ascii: " ")).map { line[($0 + 1)...] } ?? line[...]
        guard transport == .bearer else {
            fields.append("Set-Cookie: ")
            fields.append(contentsOf: secret)
            fields.append(contentsOf: Cookie.attributes.utf8)
            fields.append("\r\n")
            body.append("{}")
            return
        }
        // Behind "Authorization: Bearer ".
        let token = secret.firstIndex(of: UInt8(ascii: " ")).map { secret[($0 + 1)...] } ?? secret
        body.append("{\"token_type\":\"Bearer\",\"access_token\":\"")
        body.append(contentsOf: token)
        if !credential.refreshToken.isEmpty {
            body.append("\",\"refresh_token\":\"")
            body.append(contentsOf: credential.refreshToken)
        }
        body.append("\"}")
    }
}

/// The moment of an answer as a field has it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
struct HTTPDate: Sendable {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private var second: Int64?
    /// The whole line, made once a second.
    private var line: [UInt8] = []

    init() {}

    /// Appends the line of a moment, in seconds since 1970.
    mutating func append(_ second: Int64, to fields: inout [UInt8]) {
        if self.second != second {
            (self.second, line) = (second, Array("Date: \(Self.text(second))\r\n".utf8))
        }
        fields.append(contentsOf: line)
    }

    // Of a second since 1970, not before.
    static func text(_ second: Int64) -> String {
        let (day, rest) = (second / 86_400, second % 86_400)
        // Days of the calendar that begins with March (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let shifted = day + 719_468
        let (era, ofEra) = (shifted / 146_097, shifted % 146_097)
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let ofMonth = ofYear - (153 * month + 2) / 5 + 1
        let index = Int(month < 10 ? month + 2 : month - 10)
        let written = era * 400 + year + (index < 2 ? 1 : 0)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return "\(days[Int(day % 7)]), \(two(ofMonth)) \(months[index]) \(written) \(time) GMT"
    }
}
