import AuthCore

/// The verbs of one strategy on one thread, with credentials of its own that are presented in turn.
public final class StrategyKernels<S: AuthStrategy & ~Copyable> {
    private var strategy: S
    /// One for each subject from 1 on.
    public let credentials: [Credential]
    private let lines: Messages
    private let now: Instant

    /// Signs `count` subjects in.
    ///
    /// - Parameters:
    ///   - shared: what `S.prepare` made.
    ///   - count: how many credentials.
    ///   - now: the moment of every verb.
    /// - Throws: what the strategy throws.
    public init(sharing shared: S.Shared, credentials count: Int, at now: Instant = .traceStart) throws {
        var strategy = try S(sharing: shared)
        credentials = try strategy.load((0..<count).map { Login(Subject(id: UInt64($0) + 1), at: now) })
        lines = Messages(credentials.map(\.headerLine))
        self.strategy = strategy
        self.now = now
    }

    /// Presents one credential after the other.
    public var authenticate: Kernel {
        Kernel("\(S.descriptor.id) authenticate") { [self] range in
            try accepted(range, by: &strategy)
        }
    }

    /// Signs subjects in that have never been here.
    public var login: Kernel {
        Kernel("\(S.descriptor.id) login") { [self] range in try signedIn(range, by: &strategy) }
    }

    /// Takes the strategy once for all operations: each access to a property of a class is checked.
    private func accepted(_ range: Range<Int>, by strategy: inout S) throws -> Int {
        try lines.count(range) { place, line in
            try strategy.authenticate(line, requiring: .read, at: now) == .accepted(Subject(id: UInt64(place) + 1))
        }
    }

    private func signedIn(_ range: Range<Int>, by strategy: inout S) throws -> Int {
        var right = 0
        for index in range {
            let credential = try strategy.login(Subject(id: UInt64(credentials.count + index) + 1), at: now)
            if !credential.headerLine.isEmpty { right += 1 }
        }
        return right
    }
}
