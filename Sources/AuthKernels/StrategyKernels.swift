import AuthCore

/// The verbs of one strategy on one thread, with credentials of its own that are presented in turn.
public final class StrategyKernels<S: AuthStrategy & ~Copyable> {
    private var strategy: S
    /// What is presented: one header line for each subject from 1 on.
    public let headerLines: [[UInt8]]
    private let lines: Messages
    private let now: Instant

    /// Signs `count` subjects in.
    ///
    /// - Parameters:
    ///   - shared: what `S.prepare` made.
    ///   - count: how many credentials.
    ///   - now: the moment of every verb.
    /// - Throws: what the strategy throws.
    public convenience init(
        sharing shared: S.Shared, credentials count: Int, at now: Instant = .traceStart
    ) throws {
        try self.init(sharing: shared, at: now) { strategy in
            let logins = (0..<count).map { Login(Subject(id: UInt64($0) + 1), at: now) }
            return try strategy.load(logins).map(\.headerLine)
        }
    }

    /// Takes the header lines that `makeLines` has the strategy make, one for each subject from 1 on.
    public init(
        sharing shared: S.Shared, at now: Instant = .traceStart,
        makeLines: (inout S) throws -> [[UInt8]]
    ) throws {
        var strategy = try S(sharing: shared)
        headerLines = try makeLines(&strategy)
        lines = Messages(headerLines)
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
            try strategy.authenticate(line, requiring: .read, at: now)
                == .accepted(Subject(id: UInt64(place) + 1))
        }
    }

    private func signedIn(_ range: Range<Int>, by strategy: inout S) throws -> Int {
        var right = 0
        for index in range {
            let credential = try strategy.login(Subject(id: UInt64(headerLines.count + index) + 1), at: now)
            if !credential.headerLine.isEmpty { right += 1 }
        }
        return right
    }
}
