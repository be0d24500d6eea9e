/// How the decisions on one kind of operation came out, against what the trace expected.
public struct Tally: Sendable, Equatable {
    /// Operations that returned: all but the errors.
    public var completed: UInt64 = 0
    public var accepted: UInt64 = 0
    public var refused: UInt64 = 0
    /// Operations that threw, so that nothing was decided.
    public var errors: UInt64 = 0
    /// Accepted, but had to be refused, or accepted as somebody else.
    public var falseAccepts: UInt64 = 0
    /// Refused, but had to be accepted.
    public var falseRejects: UInt64 = 0
    /// Accepted after logout by a strategy that promises no more than that.
    public var staleAccepts: UInt64 = 0

    public init() {}

    public var wrongDecisions: UInt64 { falseAccepts + falseRejects }

    public static func += (sum: inout Self, other: Self) {
        sum.completed += other.completed
        sum.accepted += other.accepted
        sum.refused += other.refused
        sum.errors += other.errors
        sum.falseAccepts += other.falseAccepts
        sum.falseRejects += other.falseRejects
        sum.staleAccepts += other.staleAccepts
    }
}
