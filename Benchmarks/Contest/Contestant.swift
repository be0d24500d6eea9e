import HotPaths
import CBare

/// One of two things that are held against each other: does a number of operations and says how long they took.
public struct Contestant {
    /// Nanoseconds of wall time that so many operations took.
    public let run: (_ count: Int) throws -> UInt64

    public init(run: @escaping (_ count: Int) throws -> UInt64) { self.run = run }

    /// Times a piece.
    public init(_ piece: HotPath) {
        run = { count in
            let start_ns = bare_now_ns()
            try piece.run(count)
            return bare_now_ns() - start_ns
        }
    }

    /// Times a loop that says how many of its operations came out right.
    ///
    /// - Parameters:
    ///   - name: of the loop, for the message when one came out wrong.
    ///   - loop: gets the number of the first operation and how many there are.
    public init(_ name: String, loop: @escaping (_ first: Int, _ count: Int) throws -> Int) {
        var next = 0
        run = { count in
            let start_ns = bare_now_ns()
            let right = try loop(next, count)
            let end_ns = bare_now_ns()
            next += count
            guard right == count else { throw Wrong(name: name, wrong: count - right, count: count) }
            return end_ns - start_ns
        }
    }

    /// How many operations take about so long.
    func count(lasting slice_ns: UInt64) throws -> Int {
        var count = 1
        while true {
            let time_ns = try run(count)
            if time_ns >= slice_ns / 2 {
                return max(1, Int(Double(count) * Double(slice_ns) / Double(time_ns)))
            }
            count *= 2
        }
    }
}

/// A contestant that did something else than it should.
public struct Wrong: Error, CustomStringConvertible {
    var name: String
    var wrong: Int
    var count: Int

    public init(name: String, wrong: Int, count: Int) {
        self.name = name
        self.wrong = wrong
        self.count = count
    }

    public var description: String { "\(name): \(wrong) of \(count) operations came out wrong" }
}
