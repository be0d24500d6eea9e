#if AUTHBENCH_DEFECT || DEBUG
    import AuthCore

    /// A strategy with a defect in `authenticate`; all else is the strategy's own.
    struct Defective<S: AuthStrategy & ~Copyable>: AuthStrategy, ~Copyable {
        struct Shared: Sendable {
            var own: S.Shared
            var defect: Defect?
        }

        static var descriptor: StrategyDescriptor {
            var descriptor = S.descriptor
            descriptor.title += " (DEFECTIVE)"
            return descriptor
        }

        static func lifetime(under policy: Policy) -> CredentialLifetime { S.lifetime(under: policy) }

        static func prepare(in environment: Environment) throws -> Shared {
            Shared(own: try S.prepare(in: environment), defect: ChosenDefect.defect)
        }

        private var strategy: S
        private var repetition = Recurrence(perHundredThousand: 0)
        private var refusal = Recurrence(perHundredThousand: 0)

        init(sharing shared: Shared) throws {
            strategy = try S(sharing: shared.own)
            switch shared.defect {
            case .slow(let percent): repetition = Recurrence(perHundredThousand: percent * 1000)
            case .refuse: refusal = Recurrence(perHundredThousand: 100)
            case nil: break
            }
        }

        mutating func authenticate(
            _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
        ) throws -> Decision {
            var decision = try strategy.authenticate(headerLine, requiring: scope, at: now)
            if repetition.isDue() {
                decision = try strategy.authenticate(headerLine, requiring: scope, at: now)
            }
            if case .accepted = decision, refusal.isDue() { decision = .refused(.unknown) }
            return decision
        }

        mutating func load(_ logins: [Login]) throws -> [Credential] { try strategy.load(logins) }

        mutating func unload(_ credentials: [Credential], at now: Instant) throws {
            try strategy.unload(credentials, at: now)
        }

        mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
            try strategy.login(subject, at: now)
        }

        mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
            try strategy.renew(credential, at: now)
        }

        mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
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

        mutating func storeBytes() throws -> UInt64? { try strategy.storeBytes() }

        mutating func sweep(at now: Instant) throws -> Int? { try strategy.sweep(at: now) }

        mutating func misissue(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
            try strategy.misissue(flaw, to: subject, at: now)
        }

        mutating func specimen(of profile: ClaimProfile, at now: Instant) throws -> Credential {
            try strategy.specimen(of: profile, at: now)
        }
    }
#endif
