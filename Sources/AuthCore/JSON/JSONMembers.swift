/// Goes through the members of one object, from its opening brace to its closing one, and notices a name that comes
/// twice.
///
/// A loop over it keeps all that it needs in registers, which a closure for each member does not.
public struct JSONMembers {
    /// Where each name stands; as many as `JSONLimits.members`.
    @usableFromInline var offsets = InlineArray<64, Int>(repeating: 0)
    @usableFromInline var count = 0
    /// The slots of the names so far: most names are new at a look.
    @usableFromInline var slots: UInt64 = 0

    /// Reads the opening brace.
    @inlinable
    public init(_ reader: inout JSONReader, _ bytes: Span<UInt8>) throws(JSONFault) {
        try reader.enter(bytes, UInt8(ascii: "{"))
    }

    /// Reads on to the next member's value, which the caller must read; reads the closing brace after the last.
    ///
    /// - Returns: the member's name, or `nil` at the end of the object.
    @inlinable
    @inline(__always)
    public mutating func next(
        _ reader: inout JSONReader, _ bytes: Span<UInt8>
    ) throws(JSONFault) -> JSONName? {
        // Nearly always the comma of a compact text.
        if count == 0 || !reader.takes(bytes, UInt8(ascii: ",")) {
            var copy = reader
            let goesOn = try goesOn(&copy, bytes)
            reader = copy
            if !goesOn { return nil }
        }
        reader.skipSpace(bytes)
        let offset = reader.position
        let name = try reader.readName(bytes)
        let slot: UInt64 = 1 &<< UInt64(truncatingIfNeeded: name.slot)
        if slots & slot != 0, try isRepeated(name, bytes) { throw .duplicateName(offset: offset) }
        guard count < JSONLimits.members else { throw .tooManyMembers }
        slots |= slot
        offsets[count] = offset
        count &+= 1
        reader.skipSpace(bytes)
        try reader.expect(bytes, UInt8(ascii: ":"))
        reader.skipSpace(bytes)
        return name
    }

    /// Reads what stands between members, or the closing brace.
    @usableFromInline
    mutating func goesOn(_ reader: inout JSONReader, _ bytes: Span<UInt8>) throws(JSONFault) -> Bool {
        let brace = UInt8(ascii: "}")
        if count == 0 ? try !reader.closes(bytes, brace) : try reader.continues(bytes, brace) { return true }
        reader.depth -= 1
        return false
    }

    /// Whether a name came before: reads those again, because two names may have one slot.
    ///
    /// Mutating, because a function that only looks would be given a copy of all offsets.
    @usableFromInline
    mutating func isRepeated(_ name: JSONName, _ bytes: Span<UInt8>) throws(JSONFault) -> Bool {
        for index in 0..<count {
            var reader = JSONReader(at: offsets[index])
            if try reader.readName(bytes) == name { return true }
        }
        return false
    }
}
