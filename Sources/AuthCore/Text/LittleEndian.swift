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
        guard let word = word(at: offset) else { preconditionFailure("no eight bytes at offset \(offset)") }
        return word
    }

    /// The byte at an offset, or 0 beyond the end: one comparison, where a test and a subscript make three.
    @inlinable
    @inline(__always)
    public func byte(at offset: Int) -> UInt8 {
        UInt(bitPattern: offset) < UInt(bitPattern: count) ? self[offset] : 0
    }

    /// The integer whose eight bytes stand at an offset, lowest first; `nil` where there are fewer.
    ///
    /// One load: cut to a length that the compiler knows, the span needs no check for each byte.
    @inlinable
    @inline(__always)
    public func word(at offset: Int) -> UInt64? {
        let window = extracting(droppingFirst: offset).extracting(first: 8)
        guard window.count == 8 else { return nil }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(window[index]) << (8 &* index) }
        return value
    }

    /// The integer whose eight bytes stand at an offset, lowest first, with zeros for those beyond the end.
    @inlinable
    public func paddedWord(at offset: Int) -> UInt64 {
        if let word = word(at: offset) { return word }
        // The last eight bytes hold it, where there are eight.
        if offset < count, let last = word(at: max(0, count &- 8)) {
            return last &>> (8 &* UInt64(truncatingIfNeeded: offset &- (count &- 8)))
        }
        var value: UInt64 = 0
        for index in offset..<count { value |= UInt64(self[index]) << (8 * (index - offset)) }
        return value
    }
}
