import AuthCore

/// A member name after unescaping, packed into two words so that comparing names is two comparisons.
///
/// Names of up to 15 bytes are held whole, with their length in the top byte; longer ones, which no reader
/// here looks for, as a 120-bit FNV-1a hash: a collision between two of those refuses a text and never
/// accepts one.
public struct JSONName: Hashable, Sendable {
    @usableFromInline let low: UInt64
    @usableFromInline let high: UInt64

    /// Takes a name that is no longer than seven bytes, in a word that may hold more behind it.
    @inlinable
    @inline(__always)
    init(word: UInt64, count: Int) {
        low = word & ((1 &<< (8 &* UInt64(truncatingIfNeeded: count))) &- 1)
        high = UInt64(truncatingIfNeeded: count) &<< 56
    }

    /// A number below 64; the registered names of claims, headers and keys each have one of their own.
    @inlinable
    @inline(__always)
    public var slot: Int { Int(truncatingIfNeeded: ((low ^ high) &* 0x9EAB_AD7A_CE73_41B5) &>> 58) }

    /// Takes a name of at most 15 ASCII letters one by one, so that the compiler works it out.
    @inlinable
    @inline(__always)
    public init<let count: Int>(_ letters: InlineArray<count, Unicode.Scalar>) {
        var (low, high) = (UInt64(0), UInt64(truncatingIfNeeded: count) &<< 56)
        for index in 0..<count {
            let letter = UInt64(truncatingIfNeeded: letters[index].value)
            let shift = 8 &* UInt64(truncatingIfNeeded: index & 7)
            if index < 8 { low |= letter &<< shift } else { high |= letter &<< shift }
        }
        (self.low, self.high) = (low, high)
    }

    public init(_ name: StaticString) {
        let bytes = Array(String(describing: name).utf8)
        self.init(bytes.span, 0..<bytes.count)
    }

    /// Takes the name that stands in a part of a text.
    @usableFromInline
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        let name = text.extracting(range)
        if name.count <= 15 {
            // Overlapping words, where there are two: the second without what is in the first.
            if let first = name.word(at: 0), let last = name.word(at: name.count &- 8) {
                low = first
                high =
                    (name.count == 8 ? 0 : last >> (8 * UInt64(16 - name.count))) | UInt64(name.count) << 56
            } else {
                low = name.paddedWord(at: 0)
                high = UInt64(name.count) << 56
            }
            return
        }
        var key: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        for index in name.indices {
            key = (key ^ UInt128(name[index])) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
        }
        low = UInt64(truncatingIfNeeded: key)
        high = UInt64(truncatingIfNeeded: key >> 64) | 0xFF << 56
    }
}

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
    public init(_ reader: inout JSONReader, _ bytes: Span<UInt8>) throws(JSONError) {
        try reader.enter(bytes, UInt8(ascii: "{"))
    }

    /// Reads on to the next member's value, which the caller must read; reads the closing brace after the last.
    ///
    /// - Returns: the member's name, or `nil` at the end of the object.
    @inlinable
    @inline(__always)
    public mutating func next(
        _ reader: inout JSONReader, _ bytes: Span<UInt8>
    ) throws(JSONError) -> JSONName? {
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
    mutating func goesOn(_ reader: inout JSONReader, _ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        let brace = UInt8(ascii: "}")
        if count == 0 ? try !reader.closes(bytes, brace) : try reader.continues(bytes, brace) { return true }
        reader.depth -= 1
        return false
    }

    /// Whether a name came before: reads those again, because two names may have one slot.
    ///
    /// Mutating, because a function that only looks would be given a copy of all offsets.
    @usableFromInline
    mutating func isRepeated(_ name: JSONName, _ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        for index in 0..<count {
            var reader = JSONReader(at: offsets[index])
            if try reader.readName(bytes) == name { return true }
        }
        return false
    }
}
