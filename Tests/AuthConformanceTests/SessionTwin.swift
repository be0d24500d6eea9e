import AuthCore
import AuthStrategies
import Backends
import Foundation

/// What is wrong with a broken twin of the SQLite session strategy.
enum SessionFlaw: String, CaseIterable, Sendable {
    case logoutForgets, noIdleTimeout, noAbsoluteTimeout, keepsIdentifier, adoptsUnknown, logsOutHereOnly,
        cannotList
    case storesPlainToken, asksStoreForAnything, takesLastCookie, resurrectingTouch, failsOnUnknownLogout
    case forgetsPredecessor

    @TaskLocal static var current = logoutForgets

    var requirement: String {
        switch self {
        case .logoutForgets: "SES-08"
        case .noIdleTimeout: "SES-05"
        case .noAbsoluteTimeout: "SES-06"
        case .keepsIdentifier: "SES-03"
        case .adoptsUnknown: "SES-02"
        case .logsOutHereOnly: "SES-09"
        case .cannotList: "SES-10"
        case .storesPlainToken: "SES-04"
        case .asksStoreForAnything: "SES-16"
        case .takesLastCookie: "SES-19"
        case .resurrectingTouch: "SES-11"
        case .failsOnUnknownLogout: "RVK-01"
        case .forgetsPredecessor: "SES-20"
        }
    }
}

struct SessionTwin: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "session-twin", title: "broken", transport: .cookie, revocation: .immediate, stores: [.sqlite])

    struct Shared: Sendable {
        var inner: SQLiteSessionStrategy.Shared
        var environment: Environment
        var flaw: SessionFlaw
    }

    static func prepare(in environment: Environment) throws -> Shared {
        Shared(
            inner: try SQLiteSessionStrategy.prepare(in: environment), environment: environment,
            flaw: SessionFlaw.current)
    }

    private var inner: SQLiteSessionStrategy
    private let database: SQLiteConnection
    private let flaw: SessionFlaw
    private let lifetimes: Lifetimes

    init(sharing shared: Shared) throws {
        let database = try SQLiteConnection(path: shared.environment.sqlite.path)
        database.setBusyTimeout(milliseconds: 5000)
        if shared.flaw == .storesPlainToken {
            try database.execute("CREATE TABLE IF NOT EXISTS leak (token TEXT)")
        }
        inner = try SQLiteSessionStrategy(sharing: shared.inner)
        self.database = database
        flaw = shared.flaw
        lifetimes = shared.environment.policy.lifetimes
    }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        let credential = try inner.login(subject, at: now)
        if flaw == .storesPlainToken {
            let token =
                String(decoding: credential.headerLine, as: UTF8.self).split(separator: "=").last ?? ""
            try database.execute("INSERT INTO leak VALUES ('\(token)')")
        }
        return credential
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        let age_ms = now.milliseconds - Instant.traceStart.milliseconds
        switch flaw {
        case .noIdleTimeout: return try inner.authenticate(line, requiring: scope, at: min(now, .traceStart))
        case .noAbsoluteTimeout where age_ms >= lifetimes.absolute_ms:
            return try inner.authenticate(
                line, requiring: scope, at: now.advanced(byMilliseconds: -lifetimes.idle_ms))
        case .adoptsUnknown:
            let decision = try inner.authenticate(line, requiring: scope, at: now)
            return decision == .refused(.unknown) ? .accepted(Subject(id: 7)) : decision
        case .asksStoreForAnything:
            _ = try inner.sessions(of: Subject(id: 7), at: now)
            let copy = (0..<line.count).map { line[$0] }
            try inner.logout(
                Credential(
                    headerLine: Array("Cookie: __Host-session=".utf8) + Array(repeating: 65, count: 43)),
                at: now)
            return try inner.authenticate(copy.span, requiring: scope, at: now)
        case .takesLastCookie:
            let text = String(decoding: (0..<line.count).map { line[$0] }, as: UTF8.self)
            guard let last = text.range(of: "; __Host-session=", options: .backwards) else { break }
            let bytes = Array("Cookie: \(text[text.index(last.lowerBound, offsetBy: 2)...])".utf8)
            let first = Array(text[..<last.lowerBound].utf8)
            let decision = try inner.authenticate(bytes.span, requiring: scope, at: now)
            if case .accepted = decision { return decision }
            return try inner.authenticate(first.span, requiring: scope, at: now)
        case .resurrectingTouch where age_ms > 0: return try touchWithoutCare(line, scope, at: now)
        default: break
        }
        return try inner.authenticate(line, requiring: scope, at: now)
    }

    /// Reads all rows, waits, and writes them back whether or not they are still there.
    private mutating func touchWithoutCare(_ line: Span<UInt8>, _ scope: Scope, at now: Instant) throws
        -> Decision
    {
        let decision = try inner.authenticate(line, requiring: scope, at: now)
        try database.execute("DROP TABLE IF EXISTS temp.rows")
        try database.execute("CREATE TEMP TABLE rows AS SELECT * FROM sessions")
        usleep(20_000)
        if case .accepted = decision {
            try database.execute("INSERT OR REPLACE INTO sessions SELECT * FROM temp.rows")
        }
        return decision
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        if flaw == .keepsIdentifier, case .accepted = try inner.authenticate(credential, at: now) {
            return .renewed(copy credential)
        }
        return try inner.renew(credential, at: now)
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        if flaw == .logoutForgets { return }
        if flaw == .failsOnUnknownLogout, try inner.authenticate(credential, at: now) == .refused(.unknown) {
            throw CocoaError(.coderInvalidValue)
        }
        if flaw == .forgetsPredecessor, case .refused = try inner.authenticate(credential, at: now) { return }
        try inner.logout(credential, at: now)
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        if flaw != .logsOutHereOnly { try inner.logoutEverywhere(subject, at: now) }
    }

    mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
        try inner.logoutOthers(credential, at: now)
    }

    mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
        flaw == .cannotList ? nil : try inner.sessions(of: subject, at: now)
    }

    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        try inner.issueFlawed(flaw, to: subject, at: now)
    }

    var storeCommands: Int { inner.storeCommands }
    mutating func storeBytes() throws -> UInt64? { try inner.storeBytes() }
}
