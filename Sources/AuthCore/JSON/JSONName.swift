/// A member name after unescaping, packed into one integer so that comparing names is one instruction.
///
/// Names of up to 15 bytes are held whole, with their length in the top byte; longer ones, which no reader
/// here looks for, as a 120-bit FNV-1a style hash: a collision between two of those refuses a text and never
/// accepts one.
public struct JSONName: Hashable, Sendable {
    private var key: UInt128 = 0

    init() {}

    public init(_ name: StaticString) {
        var count = 0
        for byte in String(describing: name).utf8 { append(byte, count: &count) }
        finish(count: count)
    }

    /// Appends one byte to a name under construction of which `count` bytes are in.
    mutating func append(_ byte: UInt8, count: inout Int) {
        if count < 15 {
            key |= UInt128(byte) << (8 * count)
        } else {
            key = (key ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
        }
        count += 1
    }

    mutating func finish(count: Int) {
        let top: UInt128 = 0xFF << 120
        key = key & ~top | UInt128(min(count, 0xFF)) << 120
    }
}
