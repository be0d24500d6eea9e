/// One scope token of RFC 6749 section 3.3, such as `read`, kept as the bytes that are compared.
public struct Scope: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ name: String) {
        bytes = Array(name.utf8)
    }

    public static let read = Self("read")

    /// Whether a space-delimited scope list, as in a `scope` claim, names this scope exactly.
    public func isGranted(by list: Span<UInt8>) -> Bool {
        var start = 0
        for index in 0...list.count where index == list.count || list[index] == UInt8(ascii: " ") {
            if list.extracting(start..<index).elementsEqual(bytes.span) { return true }
            start = index + 1
        }
        return false
    }
}

extension Span<UInt8> {
    /// Whether two spans hold the same bytes; not constant-time, so never for secrets.
    public func elementsEqual(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
