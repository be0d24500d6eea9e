/// Makes header lines that a strategy must refuse, for the probes of a workload.
public protocol HostileSource: Sendable {
    /// Makes the lines against the live key of a run.
    ///
    /// - Parameters:
    ///   - strategy: the strategy that will be shown them.
    ///   - shared: what its clients have in common.
    ///   - policy: what its tokens claim.
    /// - Returns: whole header lines, each of which must be refused; empty where there are none for this kind.
    /// - Throws: what the strategy throws.
    func lines<S: AuthStrategy & ~Copyable>(for strategy: S.Type, sharing shared: S.Shared, policy: Policy)
        throws
        -> [[UInt8]]
}
