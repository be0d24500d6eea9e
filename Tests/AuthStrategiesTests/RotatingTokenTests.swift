import AuthCore
import AuthText
import Backends
import Synchronization
import TestStores
import Testing

@testable import AuthStrategies

/// HS256 that counts how often keys are made.
private struct CountedHS256: TokenAlgorithm, ~Copyable {
    static let name = HS256.name
    static let title = HS256.title
    static let made = Atomic<Int>(0)

    static func makeKeys(_ parameters: StrategyParameters) throws -> SharedSecret {
        made.add(1, ordering: .relaxed)
        return try HS256.makeKeys(parameters)
    }

    private var inner: HS256
    var signature_bytes: Int { inner.signature_bytes }

    init(signingWith keys: SharedSecret) throws { inner = try HS256(signingWith: keys) }

    init(verifyingWith keys: SharedSecret) throws { inner = try HS256(verifyingWith: keys) }

    mutating func sign(_ input: [UInt8]) throws -> [UInt8] { try inner.sign(input) }

    mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool {
        inner.isValid(signature, for: input)
    }
}

@Suite("Tokens whose keys rotate")
struct RotatingTokenTests {
    private static let minute: Int64 = 60_000

    private func policy(_ rotation: String) throws -> Policy {
        try #require(
            try StrategyChoice.named(["hs256-jwt@rotate=\(rotation)"], among: builtinStrategies).first
        )
        .policy(Policy())
    }

    private func header(_ line: [UInt8]) -> String {
        // Behind the scheme, and up to the first dot.
        let part = Array(line.dropFirst(BearerHeader.prefix.count).prefix { $0 != UInt8(ascii: ".") })
        return String(decoding: Base64URL.decode(part.span) ?? [], as: UTF8.self)
    }

    @Test("without rotation, or with 0, it is the plain token")
    func plain() throws {
        for (name, isPlain) in [("hs256", true), ("hs256@rotate=0", true), ("hs256@rotate=10m", false)] {
            let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
            #expect((choice.type == HS256JWTStrategy.self) == isPlain, "\(name)")
            #expect(choice.descriptor.exemptions.keys.contains("JWT-34") == isPlain)
        }
    }

    @Test("each interval has a key of its own, which verifies until the last of its tokens has expired")
    func interval() throws {
        let shared = try RotatingToken<HS256>.Shared(policy: policy("10m"))
        var here = try RotatingToken<HS256>(sharing: shared)
        var there = try RotatingToken<HS256>(sharing: shared)
        // The trace begins with an interval.
        let last = Instant.start + (10 * Self.minute - 1)
        let old = try here.login(Subject(id: 1), at: last)
        let new = try here.login(Subject(id: 1), at: .start + 10 * Self.minute)
        #expect(header(old.headerLine) == header(try here.login(Subject(id: 2), at: .start).headerLine))
        #expect(header(old.headerLine) != header(new.headerLine))
        for moment in [
            last, .start + 10 * Self.minute, .start + 60 * Self.minute, .start + (70 * Self.minute - 1001),
        ] {
            let decision = try there.authenticate(old, at: moment)
            #expect(decision == .accepted(Subject(id: 1)), "\(moment)")
        }
        let late = try there.authenticate(old, at: .start + 70 * Self.minute)
        #expect(late == .refused(.unknown))
        let fresh = try there.authenticate(new, at: .start + 10 * Self.minute)
        #expect(fresh == .accepted(Subject(id: 1)))
        let early = try there.authenticate(new, at: .start + (10 * Self.minute - 1))
        #expect(early == .refused(.unknown))
    }

    @Test("an old token is exchanged for one of the new key, with the sign-in of the old one")
    func renewal() throws {
        var strategy = try RotatingToken<HS256>(sharing: RotatingToken<HS256>.Shared(policy: policy("10m")))
        let old = try strategy.login(Subject(id: 1), at: .start)
        let later = Instant.start + 25 * Self.minute
        guard case .renewed(let new) = try strategy.renew(old, at: later) else {
            Issue.record("not renewed")
            return
        }
        #expect(header(new.headerLine) == header(try strategy.login(Subject(id: 1), at: later).headerLine))
        let decision = try strategy.authenticate(new, at: later)
        #expect(decision == .accepted(Subject(id: 1)))
    }

    @Test("names that nobody knows make no client look for keys, and each key is made once")
    func unknownNames() throws {
        let shared = try RotatingToken<CountedHS256>.Shared(policy: policy("10m"))
        var here = try RotatingToken<CountedHS256>(sharing: shared)
        var there = try RotatingToken<CountedHS256>(sharing: shared)
        let made = CountedHS256.made.load(ordering: .relaxed)
        let token = try here.login(Subject(id: 1), at: .start)
        let parts = token.headerLine.split(separator: UInt8(ascii: "."))
        let period = Int64(1_767_225_600_000 / (10 * Self.minute))
        let names = [
            "\"k\(period + 1)\"", "\"k\(period - 8)\"", "\"k0\"", "\"k-1\"", "\"k+\(period)\"",
            "\"k0\(period)\"",
            "\"k\(Int64.max)\"", "\"k\(Int64.min)\"", "\"K\(period)\"", "\"2026-01\"", "\"\"", "7", "null",
            "[]",
            "\"k99999999999999999999\"",
        ]
        for name in names {
            let text = #"{"alg":"HS256","kid":\#(name),"typ":"at+jwt"}"#
            let line =
                Array("Authorization: Bearer ".utf8) + Base64URL.encode(Array(text.utf8)) + [
                    UInt8(ascii: ".")
                ]
                + parts[1] + [UInt8(ascii: ".")] + parts[2]
            for _ in 0..<100 {
                let decision = try there.authenticate(line.span, requiring: .read, at: .start)
                #expect(decision == .refused(.unknown), "\(name)")
            }
        }
        #expect(CountedHS256.made.load(ordering: .relaxed) == made)
        // Far from the beginning, keys are made when they are wanted: once for all.
        let far = Instant.start + 6000 * Self.minute
        for _ in 0..<3 {
            let one = try here.login(Subject(id: 1), at: far)
            let decision = try there.authenticate(one, at: far)
            #expect(decision == .accepted(Subject(id: 1)))
        }
        #expect(CountedHS256.made.load(ordering: .relaxed) == made + 1)
    }

    @Test("a header in another form is read for its name")
    func otherForm() throws {
        var strategy = try RotatingToken<HS256>(sharing: RotatingToken<HS256>.Shared(policy: policy("10m")))
        let token = try strategy.login(Subject(id: 1), at: .start)
        let parts = token.headerLine.split(separator: UInt8(ascii: "."))
        let own = header(token.headerLine)
        for (text, isGood) in [
            (own.replacing(",", with: ", "), true), (own.replacing("HS256", with: "none"), false),
            (own.replacing("at+jwt", with: "JWT"), false),
        ] {
            let input = Base64URL.encode(Array(text.utf8)) + [UInt8(ascii: ".")] + parts[1]
            let signature = try #require(try strategy.signOctets(input))
            let line =
                Array("Authorization: Bearer ".utf8) + input + [UInt8(ascii: ".")]
                + Base64URL.encode(signature)
            let decision = try strategy.authenticate(line.span, requiring: .read, at: .start)
            #expect(decision == (isGood ? .accepted(Subject(id: 1)) : .refused(.malformed)), "\(text)")
        }
    }

    @Test(
        "keys that rotate too fast are refused in one line",
        arguments: [("500ms", false), ("55s", false), ("57s", true)])
    func tooFast(rotation: String, isGood: Bool) throws {
        let policy = try policy(rotation)
        guard !isGood else {
            _ = try RotatingToken<HS256>.Shared(policy: policy)
            return
        }
        let error = #expect(throws: KeyRotationError.self) { try RotatingToken<HS256>.Shared(policy: policy) }
        #expect(error?.description.contains("give at least 56250 ms") == true, "\(String(describing: error))")
    }
}
