extension [UInt8] {
    /// Appends the low `count` bytes of an integer, lowest first.
    public mutating func append(_ value: UInt64, count: Int) {
        for byte in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
}

extension Span<UInt8> {
    /// The integer whose eight bytes stand at an offset, lowest first.
    @inlinable
    public func littleEndian(at offset: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(self[offset + index]) << (8 * index) }
        return value
    }
}
