import AuthCore
import AuthText

/// What is asked of every credential, whatever it is made of and however it travels.
enum CredentialCheck: Sendable {
    case good, bent, unknown, expiry, exposure, permissions, pace
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: CredentialCheck) throws {
        switch check {
        case .good: try checkGoodCredentials()
        case .bent: try checkBentCredentials()
        case .unknown: try checkUnknownCredentials()
        case .expiry: try checkExpiry()
        case .exposure: try checkExposure()
        case .permissions: try checkPermissions()
        case .pace: try require(!watch.isSlow, "")
        }
    }

    private mutating func checkGoodCredentials() throws {
        guard !isForOneUse else {
            for _ in 0..<3 {
                try mustAccept(try here.login(alice, at: start).headerLine, "a good credential")
            }
            let other = try there.login(bob, at: start)
            return try require(
                try here.authenticate(other, at: start) == .accepted(bob),
                "a good credential of another client")
        }
        for subject in [alice, bob, Subject(id: 12)] {
            let first = try here.login(subject, at: start)
            let second = try there.login(subject, at: start)
            for credential in [first, second, first, second] {
                for decision in [
                    try decide(credential.headerLine), try decideThere(credential.headerLine, at: start),
                ] {
                    guard decision == .accepted(subject) else {
                        throw BreachError("a good credential of the user \(subject.id): \(decision)")
                    }
                }
            }
        }
    }

    private mutating func checkBentCredentials() throws {
        let credential = CredentialLine(try here.login(alice, at: start).headerLine)
        for (what, line) in credential.bent + credential.misplaced { try mustRefuse(line, what) }
        try mustAccept(credential.line, "the credential itself, after all its changed forms")
    }

    private mutating func checkUnknownCredentials() throws {
        let genuine = try here.login(alice, at: start)
        for flaw in Flaw.allCases {
            let credential = try here.issueFlawed(flaw, to: alice, at: start)
            try mustRefuse(credential.headerLine, "a credential issued as \(flaw)")
            try mustRefuseThere(credential.headerLine, "a credential issued as \(flaw)", at: start)
        }
        for line in CredentialLine(genuine.headerLine).strangers(16) where line != genuine.headerLine {
            try mustRefuse(line, "a credential of the right form that nobody issued")
        }
        try mustAccept(genuine.headerLine, "a good credential among unknown ones")
    }

    /// Nothing is accepted at the end of its lifetime or ever after; a moment before its shortest, it is.
    private mutating func checkExpiry() throws {
        let lifetime = S.lifetime(under: environment.policy)
        guard lifetime.longest_ms < Self.endless_ms else {
            throw NotApplicableError("by its lifetime(under:) a credential never expires")
        }
        for issued in [start, start.advanced(byMilliseconds: 999)] {
            let used = try here.login(alice, at: issued)
            if lifetime.shortest_ms > 1 {
                let late = issued.advanced(byMilliseconds: lifetime.shortest_ms - 1)
                try mustAccept(used.headerLine, "a credential just before its expiry", at: late)
            }
            let credential = try here.login(alice, at: issued)
            for more_ms in [0, 1, 1000, lifetime.longest_ms, lifetimes.absolute_ms, 315_360_000_000] {
                let end = issued.advanced(byMilliseconds: lifetime.longest_ms).advanced(
                    byMilliseconds: more_ms)
                try mustRefuse(credential.headerLine, "a credential \(more_ms) ms after its expiry", at: end)
                try mustRefuseThere(
                    credential.headerLine, "a credential \(more_ms) ms after its expiry", at: end)
                guard credential.refreshToken.isEmpty, more_ms > 0 else { continue }
                guard case .refused = try here.renew(credential, at: end) else {
                    throw BreachError("a credential was renewed \(more_ms) ms after its expiry")
                }
            }
        }
    }

    /// After a logout even a holder who renews whenever it can gets no further than the strategy promises.
    private mutating func checkExposure() throws {
        let limit_ms = S.longestExposure_ms(ofLoginAfter: .logout, under: environment.policy)
        guard limit_ms < Self.endless_ms else {
            throw NotApplicableError("by its longestExposure_ms(ofLoginAfter:under:) a logout ends nothing")
        }
        var held = [try here.login(alice, at: start)]
        try there.logout(held[0], at: start)
        let step_ms = max(limit_ms / 200, lifetimes.shortest_ms / 2, 1)
        var age_ms: Int64 = 0
        while age_ms < limit_ms {
            let now = start.advanced(byMilliseconds: age_ms)
            if case .renewed(let fresh) = try here.renew(held[held.count - 1], at: now) { held.append(fresh) }
            age_ms += step_ms
        }
        let end = start.advanced(byMilliseconds: limit_ms)
        for credential in held {
            try mustRefuseEnded(
                credential.headerLine, "a login that ended \(limit_ms) ms before", by: .there, at: end)
            guard case .refused = try here.renew(credential, at: end) else {
                throw BreachError("a login that ended \(limit_ms) ms before was renewed")
            }
        }
    }

    private static var endless_ms: Int64 { 100 * 366 * 86_400_000 }

    private mutating func checkPermissions() throws {
        var credential = try here.login(alice, at: start)
        guard case .refused = try decide(credential.headerLine, scope: Scope("admin")) else {
            throw BreachError("a scope that nobody granted: accepted")
        }
        if isForOneUse { credential = try here.login(alice, at: start) }
        try mustAccept(credential.headerLine, "a scope that was granted")
        if isForOneUse { credential = try here.login(alice, at: start) }
        let exposure_ms = S.longestExposure_ms(ofLoginAfter: .permissionChange, under: environment.policy)
        let promise = S.promise(after: .permissionChange, under: environment.policy)
        guard
            exposure_ms == 0
                || promise != .atExpiry
                    && exposure_ms <= S.staleness_ms(after: .permissionChange, under: environment.policy)
        else { return }
        try there.changeGrant(of: alice, to: "write", at: start)
        try mustRefuseEnded(
            credential.headerLine, "a scope that was taken away", by: .there, after: .permissionChange)
        try there.changeGrant(of: alice, to: environment.policy.grantedScope, at: start)
        // What was refused may be a copy too, or has been used.
        guard exposure_ms == 0, !isForOneUse else { return }
        try mustAccept(credential.headerLine, "a scope that was given back")
    }
}

/// A credential's header line taken apart: what every request has, and the secret in it.
struct CredentialLine {
    let line: [UInt8]
    /// Field name, and scheme or name of the cookie; empty for a line that is nothing but the secret.
    let prefix: [UInt8]
    let secret: [UInt8]

    init(_ line: [UInt8]) {
        self.line = line
        guard line.allSatisfy({ 0x20...0x7E ~= $0 }), let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let space = line.lastIndex(of: 0x20)
        else {
            (prefix, secret) = ([], line)
            return
        }
        var start = space + 1
        // A scheme's token may end with `=`; a cookie's name ends with one.
        if String(decoding: line[..<colon], as: UTF8.self).lowercased() == "cookie" {
            start = (line[start...].firstIndex(of: UInt8(ascii: "=")) ?? space) + 1
        }
        prefix = Array(line[..<start])
        secret = Array(line[start...])
    }

    /// Whether it is `Authorization: Bearer`, in whatever case.
    var isBearer: Bool { String(decoding: prefix, as: UTF8.self).lowercased() == "authorization: bearer " }

    private var text: String { String(decoding: secret, as: UTF8.self) }

    /// The secret changed in one place, in length or in form, none of which was ever issued.
    var bent: [(what: String, line: [UInt8])] {
        let step = max(1, secret.count / 512)
        var cases: [(String, [UInt8])] = stride(from: 0, to: secret.count, by: step).compactMap { index in
            var bent = secret
            guard let byte = other(than: secret[index]) else { return nil }
            bent[index] = byte
            return ("its byte \(index) changed", prefix + bent)
        }
        let forms: [(String, [UInt8])] = [
            ("without its last byte", secret.dropLast()),
            ("without its first byte", Array(secret.dropFirst())),
            ("half of it", Array(secret.prefix(secret.count / 2))),
            ("a single byte of it", Array(secret.prefix(1))),
            ("a byte longer", secret + [UInt8(ascii: "A")]),
            ("a byte before it", [UInt8(ascii: "A")] + secret),
            ("with a NUL behind it", secret + [0]), ("twice", secret + secret), ("nothing of it", []),
        ]
        cases += forms.map { ("the credential, \($0)", prefix + $1) }
        return cases + [("an empty line", [])]
    }

    /// Another character of the secret's alphabet, that differs in a bit which every decoder reads.
    private func other(than byte: UInt8) -> UInt8? {
        guard isText else { return byte ^ 0xFF }
        if isHexadecimal {
            guard let value = hexDigitValue(byte) else { return nil }
            return Array("0123456789abcdef".utf8)[Int(value ^ 8)]
        }
        guard let index = Self.alphabet.firstIndex(of: byte) else { return nil }
        return Self.alphabet[(index + 16) % 64]
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private var isText: Bool { secret.allSatisfy { 0x21...0x7E ~= $0 } }

    private var isHexadecimal: Bool {
        secret.allSatisfy { hexDigitValue($0) != nil || $0 == UInt8(ascii: "-") }
    }

    /// So many secrets of the same length and alphabet that nobody issued.
    func strangers(_ count: Int) -> [[UInt8]] {
        guard !prefix.isEmpty else { return [] }
        let letters = isHexadecimal ? Array("0123456789abcdef".utf8) : Self.alphabet
        return (0..<count).map { _ in
            prefix
                + secret.map { byte in
                    other(than: byte) == nil ? byte : letters[Int.random(in: letters.indices)]
                }
        }
    }

    /// The secret where it does not belong: another scheme, another field, twice in one request.
    var misplaced: [(what: String, line: [UInt8])] {
        guard !prefix.isEmpty else { return [] }
        let whole = String(decoding: line, as: UTF8.self)
        var lines = [
            "Authorization: Basic \(text)", "Authorization: \(text)", "X-\(whole)", "Proxy-\(whole)", text,
            "GET /?access_token=\(text)", "\(whole)\r\n\(whole)", "\(whole), \(text)", "\(whole)\r\nX: y",
        ]
        lines += isBearer ? ["Cookie: access_token=\(text)"] : ["Authorization: Bearer \(text)"]
        return lines.map { ("the credential as \($0.prefix(28))", Array($0.utf8)) }
    }

    // MARK: Bearer lines

    /// NEG-N: how a bearer token may not be written (RFC 6750 section 2.1).
    var hostileBearerLines: [String] {
        [
            "Authorization: Bearer\t\(text)", "Authorization: Bearer", "Authorization: Bearer ",
            "Authorization: \(text)", "Authorization: Basic \(text)",
            "Authorization: Bearer \(text), Bearer \(text)", "Authorization: Bearer \(text) x",
            "Authorization: Bearer access_token=\(text)", "Cookie: access_token=\(text)",
            "GET /?access_token=\(text)", "X-Authorization: Bearer \(text)", "",
            "Authorization : Bearer \(text)", "Authorization: Bearer \(text)\r\nX: y",
            "Authorization: Bearer \(text)\r\nAuthorization: Bearer \(text)",
            "Proxy-Authorization: Bearer \(text)",
        ]
    }

    /// The scheme and the field's name in another case (RFC 9110 sections 5.1 and 11.1).
    var otherCaseLines: [String] {
        ["authorization: bearer \(text)", "AUTHORIZATION: BEARER \(text)"]
    }

    /// Spaces behind the scheme (1*SP, RFC 9110 section 11.4) and white space behind the colon (section 5.5).
    var spacedLines: [String] {
        [
            "Authorization: Bearer  \(text)", "Authorization: Bearer    \(text)",
            "Authorization:Bearer \(text)",
            "Authorization:  Bearer \(text)", "Authorization:\tBearer \(text)",
            "authorization: \t bearer  \(text)",
        ]
    }
}
