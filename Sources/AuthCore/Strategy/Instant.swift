/// A moment of the trace's clock, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Strategies never read a clock: the moment of an operation is handed to them, so that expiry is
/// deterministic and a token can expire without anybody waiting for it.
public struct Instant: Comparable, Hashable, Sendable {
    public var milliseconds: Int64

    @inlinable
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    @inlinable
    /// Counts from whole seconds; what milliseconds cannot hold becomes the first or the last moment that they can.
    public init(seconds: Int64) {
        let (product, isOver) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = isOver ? (seconds < 0 ? .min : .max) : product
    }

    /// Whole seconds since 1970, rounded down: the NumericDate of RFC 7519 section 2.
    public var seconds: Int64 { milliseconds.floorDivided(by: 1000) }

    /// The moment at which every trace begins: 2026-01-01T00:00:00Z.
    public static let traceStart = Self(seconds: 1_767_225_600)

    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// A later or an earlier moment; beyond the first and the last there is none.
    ///
    /// A moment may come out of a damaged store, so that no sum of two is sure to be a number.
    public func advanced(byMilliseconds offset: Int64) -> Self {
        let (sum, isOver) = milliseconds.addingReportingOverflow(offset)
        return Self(milliseconds: isOver ? (offset < 0 ? .min : .max) : sum)
    }

    /// How long after another moment this one is; negative where it is before it, and never more than a number holds.
    public func milliseconds(since other: Self) -> Int64 {
        let (difference, isOver) = milliseconds.subtractingReportingOverflow(other.milliseconds)
        return isOver ? (self < other ? .min : .max) : difference
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
