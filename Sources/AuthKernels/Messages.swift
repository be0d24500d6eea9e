/// Byte strings that lie end to end, so that a loop over them counts no references; C takes them as they lie.
public struct Messages {
    public let bytes: [UInt8]
    /// Where each begins, and where the last one ends.
    public let offsets: [Int]

    /// - Parameter messages: at least one.
    public init(_ messages: [[UInt8]]) {
        bytes = Array(messages.joined())
        offsets = messages.reduce(into: [0]) { offsets, message in
            offsets.append((offsets.last ?? 0) + message.count)
        }
    }

    public var count: Int { offsets.count - 1 }

    func range(_ place: Int) -> Range<Int> { offsets[place]..<offsets[place + 1] }

    /// Does something with the messages that the numbers of a range come to, and counts how often it went right.
    @inline(__always)
    func count(_ range: Range<Int>, where isRight: (Int, Span<UInt8>) throws -> Bool) rethrows -> Int {
        let bytes = bytes.span
        var right = 0
        var place = range.lowerBound % count
        for _ in range {
            if try isRight(place, bytes.extracting(self.range(place))) { right += 1 }
            place += 1
            if place == count { place = 0 }
        }
        return right
    }
}
