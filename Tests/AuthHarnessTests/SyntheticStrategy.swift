import AuthCore
import Dispatch
import Synchronization

@testable import AuthHarness

/// How the strategy of these tests behaves, and what it saw.
final class Script: Sendable {
    /// What goes wrong, and with which operation.
    enum Malfunction: Sendable {
        case none, acceptsProbes, acceptsAsSomebodyElse, refusesEverything, throwsEveryTenth, throwsAlways,
            failsToLoad
    }

    let fault: Malfunction
    let promise: RevocationPromise
    /// Called inside every `authenticate`.
    let inside: @Sendable () -> Void
    let calls = Atomic(0)
    /// Specimens signed in and not out again.
    let specimensLeft = Atomic(0)

    init(
        _ fault: Malfunction = .none, promise: RevocationPromise = .immediate,
        inside: @escaping @Sendable () -> Void = {}
    ) {
        self.fault = fault
        self.promise = promise
        self.inside = inside
    }

    @TaskLocal static var current = Script()
}

struct BreakdownError: Error {}

/// A strategy whose credential says in plain text what must be decided.
struct SyntheticStrategy: AuthStrategy, ~Copyable {
    static var descriptor: StrategyDescriptor {
        .init(id: "synthetic", title: "scripted", transport: .none, revocation: Script.current.promise)
    }

    static func prepare(in environment: Environment) -> Script { Script.current }

    private let script: Script
    private var revoked: Set<UInt64> = []
    /// Fails to write with every read.
    private(set) var touchFailures = 0

    init(sharing script: Script) { self.script = script }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        if script.fault == .failsToLoad { throw BreakdownError() }
        revoked.remove(subject.id)
        if subject == .sample { script.specimensLeft.add(1, ordering: .relaxed) }
        let isExpired = now.milliseconds < Instant.traceStart.milliseconds - 3_600_000
        var line: [UInt8] = []
        line.append(subject.id, count: 8)
        return Credential(headerLine: line + [isExpired ? 0 : 1] + [UInt8](repeating: 9, count: 9))
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        var id: UInt64 = 0
        for index in 0..<8 { id |= UInt64(line[index]) << (8 * index) }
        // The sign-ins by which commands are counted are not in the script.
        if id > Subject.sample.id - 100 { return .accepted(Subject(id: id)) }
        script.inside()
        touchFailures += 1
        let call = script.calls.add(1, ordering: .relaxed).newValue
        let isIntact = line[8] == 1 && (9..<18).allSatisfy { line[$0] == 9 } && !revoked.contains(id)
        switch script.fault {
        case .acceptsProbes: return .accepted(Subject(id: id))
        case .acceptsAsSomebodyElse where isIntact: return .accepted(Subject(id: id + 1))
        case .refusesEverything: return .refused(.unknown)
        case .throwsAlways: throw BreakdownError()
        case .throwsEveryTenth where call % 10 == 0: throw BreakdownError()
        default: return isIntact ? .accepted(Subject(id: id)) : .refused(.unknown)
        }
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal {
        script.fault == .refusesEverything ? .refused(.unknown) : .renewed(copy credential)
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) {
        guard script.promise == .immediate else { return }
        var id: UInt64 = 0
        for index in 0..<8 { id |= UInt64(credential.headerLine[index]) << (8 * index) }
        revoked.insert(id)
        if id == Subject.sample.id { script.specimensLeft.subtract(1, ordering: .relaxed) }
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) { revoked.insert(subject.id) }

    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) -> Credential {
        Credential(headerLine: [UInt8](repeating: 0, count: 18))
    }
}
