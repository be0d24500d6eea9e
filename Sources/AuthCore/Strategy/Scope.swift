/// One scope token of RFC 6749 section 3.3, such as `read`, kept as the bytes that are compared.
///
/// The bytes lie in the value itself: a request is made for each operation, and an array in it would be
/// counted by all clients at once.
public struct Scope: Equatable, Sendable {
    private let bytes: InlineArray<47, UInt8>
    private let count: UInt8

    /// - Parameter name: at most 47 bytes of UTF-8.
    public init(_ name: String) {
        precondition(name.utf8.count <= 47, "a scope token has at most 47 bytes")
        var bytes = InlineArray<47, UInt8>(repeating: 0)
        var count: UInt8 = 0
        for byte in name.utf8 {
            bytes[Int(count)] = byte
            count += 1
        }
        self.bytes = bytes
        self.count = count
    }

    public static let read = Self("read")

    public static func == (left: Self, right: Self) -> Bool {
        let name = left.bytes.span.extracting(first: Int(left.count))
        return name.elementsEqual(right.bytes.span.extracting(first: Int(right.count)))
    }

    /// Whether a space-delimited scope list, as in a `scope` claim, names this scope exactly.
    public func isGranted(by list: Span<UInt8>) -> Bool {
        let name = bytes.span.extracting(first: Int(count))
        var start = 0
        for index in 0...list.count where index == list.count || list[index] == UInt8(ascii: " ") {
            if list.extracting(start..<index).elementsEqual(name) { return true }
            start = index + 1
        }
        return false
    }
}

extension Span<UInt8> {
    /// Whether two spans hold the same bytes; not constant-time, so never for secrets.
    @inlinable
    public func elementsEqual(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        // Eight bytes at a time; the last eight may have been looked at in part.
        guard count >= 8, let last = word(at: count &- 8), let otherLast = other.word(at: count &- 8) else {
            for index in indices where self[index] != other[index] { return false }
            return true
        }
        var index = 0
        while index &+ 8 < count {
            guard word(at: index) == other.word(at: index) else { return false }
            index &+= 8
        }
        return last == otherLast
    }
}
