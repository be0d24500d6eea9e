import AuthCore
import Backends

#if AUTHBENCH_DEFECT || DEBUG
    import AuthCore
    import Backends
    import Synchronization

    /// A strategy with a defect in some verbs; all else is the strategy's own.
    struct Defective<S: AuthStrategy & ~Copyable>: AuthStrategy, ~Copyable {
        struct Shared: Sendable {
            var own: S.Shared
            var defect: Defect?
            /// Whether every request prolongs its session.
            var touchesAlways = false
            let tools = DefectTools()
            let memory = StaleMemory()
            /// Where a share of all calls begins: each process of a gate makes fewer than the share asks for.
            let offset = UInt64.random(in: 0..<2000)
        }

        static var descriptor: StrategyDescriptor {
            var descriptor = S.descriptor
            descriptor.title += " (DEFECTIVE)"
            return descriptor
        }

        static func describe(_ parameters: StrategyParameters) -> StrategyDescriptor {
            var descriptor = S.describe(parameters)
            descriptor.title += " (DEFECTIVE)"
            return descriptor
        }

        static func longestExposure_ms(
            ofLoginAfter revocation: Revocation, under policy: Policy
        ) -> Int64 { S.longestExposure_ms(ofLoginAfter: revocation, under: policy) }

        static func lifetime(under policy: Policy) -> CredentialLifetime { S.lifetime(under: policy) }

        static func prepare(in environment: Environment) throws -> Shared {
            Shared(
                own: try S.prepare(in: environment), defect: ChosenDefect.defect,
                touchesAlways: environment.policy.touch == .always)
        }

        private var strategy: S
        private let name: Defect.Name?
        private let tools: DefectTools
        private let memory: StaleMemory
        private let touchesAlways: Bool
        private let offset: UInt64
        private var repetition = Recurrence(perHundredThousand: 0)
        private var refusal = Recurrence(perHundredThousand: 0)
        private var times = 1
        private var logLine = ""

        init(sharing shared: Shared) throws {
            strategy = try S(sharing: shared.own)
            tools = shared.tools
            memory = shared.memory
            touchesAlways = shared.touchesAlways
            offset = shared.offset
            switch shared.defect {
            case .slow(let percent):
                repetition = Recurrence(perHundredThousand: percent * 1000)
                name = nil
            case .times(let count):
                times = count
                name = nil
            case .named(let other):
                name = other
                if other == .refuse { refusal = Recurrence(perHundredThousand: 100) }
            case nil: name = nil
            }
        }

        mutating func authenticate(
            _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
        ) throws -> Decision {
            begin()
            defer { end() }
            var decision = try strategy.authenticate(headerLine, requiring: scope, at: now)
            let isTwice = name == .slowTouch && touchesAlways || repetition.isDue()
            for _ in 1..<max(isTwice ? 2 : 1, times) {
                decision = try strategy.authenticate(headerLine, requiring: scope, at: now)
            }
            if case .accepted = decision, refusal.isDue() { decision = .refused(.unknown) }
            return name == nil ? decision : spoiled(decision, headerLine, at: now)
        }

        /// What a named defect makes of a decision, and does beside it.
        private mutating func spoiled(
            _ decision: Decision, _ headerLine: Span<UInt8>, at now: Instant
        ) -> Decision {
            switch (name, decision) {
            case (.stale, _): return memory.recalled(decision, headerLine, at: now)
            case (.slowRefusal, .refused(let reason)):
                logLine = "\(now.milliseconds) refused: \(reason), \(headerLine.count) bytes:"
                for index in headerLine.indices.prefix(8) {
                    logLine += " " + String(headerLine[index], radix: 16)
                }
            case (.expired, .refused(.expired)):
                if (tools.number() + offset) % 2000 == 0 { return .accepted(Subject(id: 1)) }
            case (.print, _): print("authenticated \(headerLine.count) bytes")
            case (.threads, _): DefectTools.compute(5000)
            case (.exit, _): if tools.number() == 1000 { DefectTools.leave() }
            case (.crash, _): if tools.number() == 1000 { fatalError("the planned defect") }
            case (.hang, _): if tools.number() == 1000 { DefectTools.hang() }
            default: break
            }
            return decision
        }

        private func begin() {
            if name == .lock { tools.lock() }
            if name == .leak { DefectTools.leak(bytes: 32) }
        }

        private func end() { if name == .lock { tools.unlock() } }

        mutating func load(_ logins: [Login]) throws -> [Credential] { try strategy.load(logins) }

        mutating func unload(_ credentials: [Credential], at now: Instant) throws {
            try strategy.unload(credentials, at: now)
        }

        mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
            begin()
            defer { end() }
            return try strategy.login(subject, at: now)
        }

        mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
            begin()
            defer { end() }
            return try strategy.renew(credential, at: now)
        }

        mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
            begin()
            defer { end() }
            if name == .slowLogout { try strategy.logout(credential, at: now) }
            try strategy.logout(credential, at: now)
        }

        mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
            try strategy.logoutEverywhere(subject, at: now)
        }

        mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
            try strategy.logoutOthers(credential, at: now)
        }

        mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
            try strategy.sessions(of: subject, at: now)
        }

        mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try strategy.signOctets(octets) }

        var verificationKey: [UInt8] { strategy.verificationKey }

        mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
            try strategy.changeGrant(of: subject, to: scope, at: now)
        }

        var storeCommands: Int { strategy.storeCommands }

        var storeRoundTrips: Int { strategy.storeRoundTrips }

        mutating func storeBytes() throws -> UInt64? { try strategy.storeBytes() }

        mutating func sweep(at now: Instant) throws -> Int? { try strategy.sweep(at: now) }

        mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
            try strategy.issueFlawed(flaw, to: subject, at: now)
        }

        mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
            try strategy.sample(of: profile, at: now)
        }
    }
#endif

#if AUTHBENCH_DEFECT || DEBUG
    /// What was accepted, and when last, for all clients: a cache that no revocation empties.
    final class StaleMemory: Sendable {
        private static let life_ms: Int64 = 60_000
        private let known = Mutex<[[UInt8]: (decision: Decision, moment: Instant)]>([:])

        func recalled(_ decision: Decision, _ headerLine: Span<UInt8>, at now: Instant) -> Decision {
            let line = headerLine.indices.map { headerLine[$0] }
            return known.withLock { known in
                if case .accepted = decision {
                    known[line] = (decision, now)
                    return decision
                }
                guard let last = known[line], now.milliseconds(since: last.moment) < Self.life_ms else {
                    return decision
                }
                return last.decision
            }
        }
    }
#endif

#if AUTHBENCH_DEFECT || DEBUG
    /// Picks a share of all calls, spread as evenly as can be.
    struct Recurrence {
        private let perHundredThousand: Int
        private var debt = 0

        init(perHundredThousand: Int) {
            self.perHundredThousand = perHundredThousand
        }

        /// Whether this call is one of the share.
        mutating func isDue() -> Bool {
            debt += perHundredThousand
            guard debt >= 100_000 else { return false }
            debt -= 100_000
            return true
        }
    }
#endif
