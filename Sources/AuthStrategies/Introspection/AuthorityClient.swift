import AuthCore
import AuthText
import Backends

/// A client's connection to an authority.
struct AuthorityClient: ~Copyable {
    private var connection: HTTPConnection
    /// For each endpoint, all of the request up to and with `Content-Length: `.
    private let heads: [AuthorityEndpoint: [UInt8]]
    /// The introspection's, which is asked for with each request.
    private let introspection: [UInt8]
    /// What the next request says.
    var form = Form()

    init(_ shared: Introspection.Shared) throws {
        let connection = try HTTPConnection(shared.address)
        var heads: [AuthorityEndpoint: [UInt8]] = [:]
        for endpoint in AuthorityEndpoint.allCases {
            let lines = [
                "POST \(shared.address.path)/\(endpoint.rawValue) HTTP/1.1",
                "Host: \(shared.address.authority)",
                "Authorization: \(shared.caller.basicText)", "Accept: application/json",
                "Content-Type: application/x-www-form-urlencoded", "Content-Length: ",
            ]
            heads[endpoint] = Array(lines.joined(separator: "\r\n").utf8)
        }
        introspection = heads[.introspect] ?? []
        self.heads = heads
        self.connection = connection
    }

    var exchanges: Int { connection.exchanges }

    /// Sends the form and waits for the answer.
    ///
    /// - Returns: the status.
    mutating func send(_ endpoint: AuthorityEndpoint, isRepeatable: Bool) throws(HTTPError) -> Int {
        try connection.exchange(
            head: endpoint == .introspect ? introspection : heads[endpoint] ?? [], body: form.bytes,
            isRepeatable: isRepeatable)
    }

    /// The same for what is done or fails.
    mutating func command(_ endpoint: AuthorityEndpoint, isRepeatable: Bool = false) throws {
        let status = try send(endpoint, isRepeatable: isRepeatable)
        guard status == 200 else { throw failure(status) }
    }

    func withAnswer<Result>(_ take: (borrowing HTTPMessage) throws -> Result) throws -> Result {
        try connection.withAnswer(take)
    }

    /// Why the authority did not do it, as it says itself.
    func failure(_ status: Int) -> HTTPError {
        let reason = connection.withAnswer { message in
            message.withBody { body in
                let shown = body.indices.prefix(200).map { body[$0] }
                return String(decoding: shown.filter { 0x20...0x7E ~= $0 }, as: UTF8.self)
            }
        }
        return .status(status, reason)
    }

    /// The lines of a plain answer.
    func lines() throws -> [Substring] {
        try withAnswer { message in
            guard message.isOfType("text/plain") else {
                throw AuthorityAnswerError("a list is not plain text")
            }
            let text = message.withBody { body in
                String(decoding: body.indices.map { body[$0] }, as: UTF8.self)
            }
            return text.split(separator: "\n")
        }
    }

    /// The token that the answer issues (RFC 6749 section 5.1).
    func issued() throws -> Credential {
        let token = try withAnswer { message -> [UInt8]? in
            guard message.isOfType("application/json") else { return nil }
            return message.withBody { body in
                var token: [UInt8]?
                let fault = catchFault { () throws(JSONError) in
                    try JSONReader.readObject(body) { (name, reader) throws(JSONError) in
                        if name == .accessToken, reader.peek(body) == UInt8(ascii: "\"") {
                            token = try reader.readString(body).unescaped(in: body)
                        } else {
                            try reader.skipValue(body)
                        }
                    }
                }
                return fault == nil ? token : nil
            }
        }
        guard let token, SessionToken.isToken(token.span) else {
            throw AuthorityAnswerError("it issued no token that is one")
        }
        return OpaqueBearer.credential(token)
    }
}

/// What an authority says of an active token (RFC 7662 section 2.2); its memory is used again.
struct IntrospectionAnswer {
    private(set) var subject = Subject(id: 0)
    private(set) var expiry = Instant(milliseconds: 0)
    private(set) var scope: [UInt8] = []

    func decision(requiring scope: Scope) -> Decision {
        scope.isGranted(by: self.scope.span) ? .accepted(subject) : .refused(.insufficientScope)
    }

    /// Reads an answer.
    ///
    /// - Returns: whether the token is active.
    /// - Throws: `AuthorityAnswerError` for what is no answer, leaves out what must be known, or contradicts itself: that
    ///   decides nothing.
    mutating func read(_ body: Span<UInt8>, at now: Instant) throws(AuthorityAnswerError) -> Bool {
        var (isActive, isBearer): (Bool?, Bool) = (nil, true)
        var (subject, expiry): (Subject?, Instant?) = (nil, nil)
        var (scope, hasScope) = (self.scope, false)
        // It is nobody else's meanwhile, so that its memory is written over.
        self.scope = []
        let bearer = Self.usualBearer
        let fault = catchFault { () throws(JSONError) in
            try JSONReader.readObject(body) { (name, reader) throws(JSONError) in
                switch name {
                case .active:
                    let value = body.extracting(try reader.readValue(body))
                    isActive = value.equals("true") ? true : value.equals("false") ? false : nil
                case .sub: subject = try reader.readString(body).subject(in: body)
                case .exp: expiry = try reader.readNumericDate(body)
                case .scope:
                    hasScope = true
                    let text = try reader.readString(body)
                    if text.hasEscapes {
                        scope = text.unescaped(in: body)
                    } else {
                        ByteCopy.copy(body.extracting(text.range), into: &scope)
                    }
                case .tokenType:
                    if !reader.takes(body, plain: bearer.span) {
                        isBearer = try reader.readText(body, equalTo: [Self.bearer], foldingCase: true)
                    }
                default: try reader.skipValue(body)
                }
            }
        }
        if !hasScope { scope.removeAll(keepingCapacity: true) }
        self.scope = scope
        guard fault == nil, let isActive else {
            throw AuthorityAnswerError("what it says about a token is not as RFC 7662 has it")
        }
        guard isActive else { return false }
        guard let subject, let expiry, isBearer else {
            throw AuthorityAnswerError("a token is active, and its user, its end or its kind is not said")
        }
        // Its end is in whole seconds, rounded down.
        guard now.milliseconds(since: expiry) < 1000 else {
            throw AuthorityAnswerError("a token is active beyond its end")
        }
        (self.subject, self.expiry) = (subject, expiry)
        return true
    }

    private static let bearer = Array("bearer".utf8)
    private static let usualBearer = Array("Bearer".utf8)
}

extension JSONString {
    /// A user's number as text.
    fileprivate func subject(in bytes: Span<UInt8>) -> Subject? {
        guard !hasEscapes, 1...20 ~= range.count else { return nil }
        var id: UInt64 = 0
        for index in range {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[index] else { return nil }
            let (product, isOver) = id.multipliedReportingOverflow(by: 10)
            let (sum, isMore) = product.addingReportingOverflow(UInt64(bytes[index] - UInt8(ascii: "0")))
            guard !isOver, !isMore else { return nil }
            id = sum
        }
        return Subject(id: id)
    }
}

extension JSONName {
    fileprivate static let active = Self("active")
    fileprivate static let sub = Self("sub")
    fileprivate static let exp = Self("exp")
    fileprivate static let scope = Self("scope")
    fileprivate static let tokenType = Self("token_type")
    fileprivate static let accessToken = Self("access_token")
}

/// What an authority has said, kept for a stated time, one cache for each client, as each server has its own.
///
/// Only active tokens are kept, and never beyond their end (RFC 7662 section 4). What this client ends or changes itself, it
/// forgets at once; other clients go by their copies.
struct IntrospectionCache {
    private struct Copy {
        var answer: IntrospectionAnswer
        var asOf: Instant
    }

    /// Beyond so many, all go: it is a cache.
    private static let most = 100_000

    private let lifetime_ms: Int64
    private var copies: [SessionName: Copy] = [:]
    /// From the tokens that renewals here replaced: a sign-out may cross one.
    private var successors: [SessionName: SessionName] = [:]

    init(lifetime_ms: Int64) { self.lifetime_ms = lifetime_ms }

    var isOn: Bool { lifetime_ms > 0 }

    /// What was said of a token that has not come to its end, however long ago.
    func copy(_ name: SessionName, at now: Instant) -> IntrospectionAnswer? {
        guard let copy = copies[name], now < copy.answer.expiry else { return nil }
        return copy.answer
    }

    /// The same where it is not too old.
    func fresh(_ name: SessionName, at now: Instant) -> IntrospectionAnswer? {
        guard let copy = copies[name], now < copy.answer.expiry,
            // A clock that was set back says nothing about its age.
            0..<lifetime_ms ~= now.milliseconds(since: copy.asOf)
        else { return nil }
        return copy.answer
    }

    mutating func keep(_ answer: IntrospectionAnswer, as name: SessionName, at now: Instant) {
        if copies.count >= Self.most { copies.removeAll(keepingCapacity: true) }
        copies[name] = Copy(answer: answer, asOf: now)
    }

    /// Notes that a renewal has put another token in the place of one.
    mutating func note(_ old: SessionName, becomes new: SessionName) {
        guard isOn else { return }
        if successors.count >= Self.most { successors.removeAll(keepingCapacity: true) }
        successors[old] = new
    }

    mutating func forget(_ name: SessionName) {
        guard isOn else { return }
        copies[name] = nil
        if let successor = successors.removeValue(forKey: name) { copies[successor] = nil }
    }

    mutating func forget(_ subject: Subject) {
        copies = copies.filter { $0.value.answer.subject != subject }
    }

    mutating func forgetAll() { copies.removeAll(keepingCapacity: true) }
}

/// An authority answered with what is no answer: the strategy could not decide.
struct AuthorityAnswerError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ reason: String) { description = "the authority: \(reason)" }
}
