import AuthCore
import Foundation

/// What somebody's server takes and answers, so that a trace can be replayed on it over HTTP.
///
/// In texts, `{{user}}` stands for the user's number, `{{refresh}}` for the refresh token, `{{age_ms}}` for how long ago
/// a sign-in was, in milliseconds, and `{{flaw}}` for `wrong-audience` or `unknown`.
package struct Contract: Sendable, Equatable {
    /// A request that the server takes.
    package struct Call: Sendable, Equatable {
        package var method = "GET"
        /// Begins with a slash.
        package var path: String
        /// The media type of the body.
        package var type = "application/json"
        package var body: String?
    }

    /// Where a text stands in an answer.
    package enum Place: Sendable, Equatable {
        /// The value of the cookie with this name (RFC 6265 section 4.1).
        case cookie(String)
        /// A JSON pointer into the body (RFC 6901).
        case json(String)
    }

    /// How a request shows its credential.
    package enum Presentation: Sendable, Equatable {
        case cookie(String)
        /// `Authorization: Bearer` (RFC 6750 section 2.1).
        case bearer
        /// A header field of the server's own.
        case header(String)
    }

    package var login: Call
    package var credential: Place
    package var presentation: Presentation
    /// Where a sign-in or renewal has the refresh token; `nil` where the credential renews itself.
    package var refresh: Place?
    package var protected: Call
    /// A route for which nobody need be signed in.
    package var open: Call?
    /// The user's number in the answer to a protected request; `nil` where the server does not say it.
    package var user: Place?
    package var renew: Call?
    package var logout: Call?
    /// A sign-in of some time ago.
    package var aged: Call?
    /// A sign-in whose credential must be refused.
    package var flawed: Call?
    package var accepted: Set<Int> = [200]
    package var refused: Set<Int> = [400, 401, 403]
    package var undecided: Set<Int> = [429, 500, 502, 503, 504]
    package var revocation = RevocationPromise.immediate
    /// How long a sign-in works; `nil` where nobody says.
    package var lifetime_ms: Int64?
    /// What its clients do beside their requests.
    package var upkeep = CredentialUpkeep.none
    /// How many users the server knows, by the numbers from 1 on; `nil` where any number is one.
    package var users: UInt64?

    /// The same as JSON, for a program that reads it again.
    package var text: String
}

extension Contract: Decodable {
    private enum Key: String, CodingKey, CaseIterable {
        case login, credential, present, refresh, protected, open, user, renew, logout, aged, flawed
        case accepted, refused, undecided, revocation
        case lifetime = "lifetime_seconds"
        case renewAfter = "renew_after_seconds"
        case singleUse = "single_use"
        case users
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(
            except: Key.allCases.map(\.rawValue), in: "the contract", allowingRemarks: true)
        let file = try decoder.container(keyedBy: Key.self)
        login = try file.decode(Call.self, forKey: .login)
        credential = try file.decode(Place.self, forKey: .credential)
        presentation = try file.decode(Presentation.self, forKey: .present)
        protected = try file.decode(Call.self, forKey: .protected)
        refresh = try file.decodeIfPresent(Place.self, forKey: .refresh)
        open = try file.decodeIfPresent(Call.self, forKey: .open)
        user = try file.decodeIfPresent(Place.self, forKey: .user)
        renew = try file.decodeIfPresent(Call.self, forKey: .renew)
        logout = try file.decodeIfPresent(Call.self, forKey: .logout)
        aged = try file.decodeIfPresent(Call.self, forKey: .aged)
        flawed = try file.decodeIfPresent(Call.self, forKey: .flawed)
        accepted = Set(try file.decode(.accepted, orWhenAbsent: [200]))
        refused = Set(try file.decode(.refused, orWhenAbsent: [400, 401, 403]))
        undecided = Set(try file.decode(.undecided, orWhenAbsent: [429, 500, 502, 503, 504]))
        let promise = try file.decode(.revocation, orWhenAbsent: "immediate")
        lifetime_ms = try Self.time_ms(file, .lifetime)
        users = try file.decodeIfPresent(UInt64.self, forKey: .users)
        if try file.decode(.singleUse, orWhenAbsent: false) {
            upkeep = .signInForEachRequest
        } else if let after_ms = try Self.time_ms(file, .renewAfter) {
            upkeep = .renewal(after_ms: after_ms)
        }
        text = ""
        guard let promise = RevocationPromise(rawValue: promise), [.immediate, .atExpiry].contains(promise)
        else { throw WorkloadError("revocation is \(promise): write immediate or at-expiry") }
        revocation = promise
        try check()
    }

    private static func time_ms(_ file: KeyedDecodingContainer<Key>, _ key: Key) throws -> Int64? {
        guard let time_s = try file.decodeIfPresent(Int32.self, forKey: key) else { return nil }
        guard time_s > 1 else { throw WorkloadError("\(key.rawValue) is \(time_s): give 2 or more") }
        return Int64(time_s) * 1000
    }

    /// Checks what the shape of the file cannot.
    private func check() throws(WorkloadError) {
        for (name, call) in [
            ("login", login), ("protected", protected), ("open", open), ("renew", renew), ("logout", logout),
            ("aged", aged), ("flawed", flawed),
        ] {
            guard let call else { continue }
            if let fault = call.fault { throw WorkloadError("\(name): \(fault)") }
        }
        let both = [accepted, refused, undecided]
        guard both.map(\.count).reduce(0, +) == accepted.union(refused).union(undecided).count else {
            throw WorkloadError(
                "a status stands in two of accepted, refused and undecided: give it one meaning")
        }
        guard !accepted.isEmpty, !refused.isEmpty, both.joined().allSatisfy((200..<600).contains) else {
            throw WorkloadError("accepted and refused need a status of 200 to 599 each")
        }
        guard login.body?.contains("{{user}}") ?? login.path.contains("{{user}}") else {
            throw WorkloadError("login names no user: write {{user}} into its body or path")
        }
        if case .renewal = upkeep, renew == nil {
            throw WorkloadError("renew_after_seconds needs a request of renew: say how the server renews")
        }
        if users == 0 { throw WorkloadError("users is 0: give 1 or more, or leave it out") }
        if case .cookie = user { throw WorkloadError("user is a JSON pointer: {\"json\": \"/user\"}") }
    }
}

extension Contract.Call: Decodable {
    private enum Key: String, CodingKey, CaseIterable { case method, path, type, body }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: Key.allCases.map(\.rawValue), in: "a request of the contract")
        let file = try decoder.container(keyedBy: Key.self)
        path = try file.decode(String.self, forKey: .path)
        body = try file.decodeIfPresent(String.self, forKey: .body)
        method = try file.decode(.method, orWhenAbsent: body == nil ? "GET" : "POST")
        type = try file.decode(.type, orWhenAbsent: "application/json")
    }

    /// Why it cannot be sent, as it could smuggle another request or header field; `nil` where it can.
    fileprivate var fault: String? {
        func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { 0x21...0x7E ~= $0 } }
        guard path.hasPrefix("/"), isPlain(path) else {
            return
                "path is \"\(path.filter { $0.isASCII && !$0.isNewline })\": begin it with /, without spaces"
        }
        guard !method.isEmpty, method.utf8.allSatisfy({ 0x41...0x5A ~= $0 }) else {
            return "method is a word in capitals, such as GET"
        }
        return isPlain(type.replacing(" ", with: "")) ? nil : "type is a media type, such as application/json"
    }
}

extension Contract.Place: Decodable {
    private enum Key: String, CodingKey, CaseIterable { case cookie, json }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: Key.allCases.map(\.rawValue), in: "a place of the contract")
        let file = try decoder.container(keyedBy: Key.self)
        if let name = try file.decodeIfPresent(String.self, forKey: .cookie), file.allKeys.count == 1 {
            self = .cookie(try name.checkedAsToken())
        } else if let pointer = try file.decodeIfPresent(String.self, forKey: .json), file.allKeys.count == 1,
            pointer.hasPrefix("/")
        {
            self = .json(pointer)
        } else {
            throw WorkloadError("a place is {\"cookie\": \"NAME\"} or {\"json\": \"/POINTER\"}")
        }
    }
}

extension Contract.Presentation: Decodable {
    private enum Key: String, CodingKey, CaseIterable { case cookie, header }

    package init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            guard word == "bearer" else {
                throw WorkloadError("present is \"bearer\", {\"cookie\": \"NAME\"} or {\"header\": \"NAME\"}")
            }
            self = .bearer
            return
        }
        try decoder.refuseKeys(except: Key.allCases.map(\.rawValue), in: "present")
        let file = try decoder.container(keyedBy: Key.self)
        if let name = try file.decodeIfPresent(String.self, forKey: .cookie), file.allKeys.count == 1 {
            self = .cookie(try name.checkedAsToken())
        } else if let name = try file.decodeIfPresent(String.self, forKey: .header), file.allKeys.count == 1 {
            self = .header(try name.checkedAsToken())
        } else {
            throw WorkloadError("present is \"bearer\", {\"cookie\": \"NAME\"} or {\"header\": \"NAME\"}")
        }
    }
}

extension String {
    /// The name of a cookie or a field (RFC 9110 section 5.6.2).
    fileprivate func checkedAsToken() throws(WorkloadError) -> String {
        let others = "!#$%&'*+-.^_`|~"
        guard !isEmpty, allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || others.contains($0)) })
        else {
            throw WorkloadError(
                "\"\(filter { $0.isASCII && !$0.isNewline })\" is no name of a cookie or header field")
        }
        return self
    }
}

extension Contract {
    /// Reads a contract.
    ///
    /// - Throws: `WorkloadError` or `DecodingError`.
    package init(json: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
        text = json
    }

    /// The contract of `authbench serve`.
    package static let example = """
        {
          "// login": "How a user signs in: {{user}} is a number. A request with a body is a POST unless method says another.",
          "login": {"path": "/login", "body": "{\\"user\\": {{user}}}"},
          "// credential": "Where the answer has it: {\\"cookie\\": NAME} or {\\"json\\": POINTER}.",
          "credential": {"json": "/access_token"},
          "// present": "How requests show it: \\"bearer\\", {\\"cookie\\": NAME} or {\\"header\\": NAME}.",
          "present": "bearer",
          "// refresh": "Where the answer has a refresh token. Leave it out where there is none.",
          "refresh": {"json": "/refresh_token"},
          "// protected": "What only those get who are signed in, and what all get; the latter is the baseline.",
          "protected": {"path": "/resource"},
          "open": {"path": "/open"},
          "// user": "Where the answer of protected says whose request it was. Without it nobody can see a mix-up of users.",
          "user": {"json": "/user"},
          "// renew": "Both are sent with the credential. Leave out what the server does not have.",
          "renew": {"path": "/renew", "body": "{\\"refresh_token\\": \\"{{refresh}}\\"}"},
          "logout": {"path": "/logout", "body": "{\\"refresh_token\\": \\"{{refresh}}\\"}"},
          "// aged": "A sign-in of {{age_ms}} ago, and one that must be refused. Without these, expired and foreign credentials are not tried.",
          "aged": {"path": "/probe", "body": "{\\"user\\": {{user}}, \\"age_ms\\": {{age_ms}}}"},
          "flawed": {"path": "/probe", "body": "{\\"user\\": {{user}}, \\"flaw\\": \\"{{flaw}}\\"}"},
          "// accepted": "What statuses of protected mean. Any other one is an error.",
          "accepted": [200],
          "refused": [400, 401, 403],
          "undecided": [429, 500, 502, 503, 504],
          "// revocation": "What the server promises after a logout: immediate, or at-expiry.",
          "revocation": "at-expiry",
          "// lifetime_seconds": "How long a sign-in works. renew_after_seconds is when clients renew it. single_use is true where a request uses it up. users is how many there are, with the numbers from 1 on; without it any number is one.",
          "lifetime_seconds": 3600
        }

        """
}
