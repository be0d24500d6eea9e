/// One piece of a hot path, to be done again and again on one thread so that it can be timed or counted alone.
public final class Kernel {
    public let name: String
    private let perform: (Range<Int>) throws -> Int
    private var next = 0

    /// Takes what does the operations of a range, whose numbers choose among inputs, and says how many came out right.
    init(_ name: String, _ perform: @escaping (Range<Int>) throws -> Int) {
        self.name = name
        self.perform = perform
    }

    /// The same kernel, which keeps alive what it needs.
    public func keeping(_ owner: AnyObject) -> Kernel {
        Kernel(name) { [perform] range in try withExtendedLifetime(owner) { try perform(range) } }
    }

    /// Does so many operations, each on the next input.
    ///
    /// - Parameter count: how many.
    /// - Throws: `WrongOutcome` when one of them was wrong, and what the kernel throws.
    public func run(_ count: Int) throws {
        let range = next..<next + count
        next += count
        let right = try perform(range)
        guard right == count else { throw WrongOutcome(kernel: name, wrong: count - right, count: count) }
    }
}

/// A kernel that did not do what it is timed for.
public struct WrongOutcome: Error, CustomStringConvertible {
    var kernel: String
    var wrong: Int
    var count: Int

    public var description: String { "\(kernel): \(wrong) of \(count) operations came out wrong" }
}
