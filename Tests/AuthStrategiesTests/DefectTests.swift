import AuthCore
import Testing

@testable import AuthStrategies

/// The twins with which the gate is tried.
@Suite("Defect")
struct DefectTests {
    /// Counts what is asked of it.
    private struct Counting: AuthStrategy, ~Copyable {
        static let descriptor = StrategyDescriptor(
            id: "counting", title: "counts", transport: .none, revocation: .atExpiry)
        var storeCommands = 0

        init(sharing shared: Void) {}

        mutating func login(_ subject: Subject, at now: Instant) -> Credential { Credential(headerLine: [1]) }
        mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) -> Decision {
            storeCommands += 1
            return line.count == 1 ? .accepted(Subject(id: 7)) : .refused(.malformed)
        }
        mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal {
            .refused(.unknown)
        }
        mutating func logout(_ credential: borrowing Credential, at now: Instant) {}
        mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}
        mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) -> Credential {
            Credential(headerLine: [])
        }
    }

    private func twin(_ defect: Defect?) throws -> Defective<Counting> {
        try Defective<Counting>(sharing: Defective<Counting>.Shared(own: (), defect: defect))
    }

    @Test("does exactly the share of the work twice, evenly spread", arguments: [1, 3, 5, 10, 33, 50])
    func slow(percent: Int) throws {
        var twin = try twin(.slow(percent: percent))
        let credential = try twin.login(Subject(id: 7), at: .traceStart)
        for call in 1...1000 {
            let decision = try twin.authenticate(credential, at: .traceStart)
            #expect(decision == .accepted(Subject(id: 7)))
            #expect(twin.storeCommands == call + call * percent / 100)
        }
    }

    @Test("refuses one good credential in 1000 and no other decision is another")
    func refuse() throws {
        var twin = try twin(.named(.refuse))
        let credential = try twin.login(Subject(id: 7), at: .traceStart)
        let bad = Credential(headerLine: [])
        var refused = 0
        for _ in 1...5000 {
            if try twin.authenticate(credential, at: .traceStart) != .accepted(Subject(id: 7)) {
                refused += 1
            }
            #expect(try twin.authenticate(bad, at: .traceStart) == .refused(.malformed))
        }
        #expect(refused == 5)
    }

    @Test(
        "is read from its name, and from nothing else",
        arguments: [
            ("slow1", .slow(percent: 1)), ("slow50", .slow(percent: 50)), ("refuse", .named(.refuse)),
            ("slow0", nil),
            ("slow51", nil), ("slow", nil), ("refuse1", nil), ("", nil),
        ] as [(String, Defect?)])
    func name(text: String, defect: Defect?) { #expect(Defect(text) == defect) }

    @Test("is in no sound program")
    func none() { #expect(ChosenDefect.text == nil) }
}
