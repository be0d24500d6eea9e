/// A member name after unescaping, packed into one integer so that comparing names is one instruction.
///
/// Names of up to 15 bytes are held whole, with their length in the top byte; longer ones, which no reader
/// here looks for, as a 120-bit FNV-1a hash: a collision between two of those refuses a text and never
/// accepts one.
public struct JSONName: Hashable, Sendable {
    private var key: UInt128 = 0

    init() {}

    public init(_ name: StaticString) {
        self.init(Array(String(describing: name).utf8).span)
    }

    init(_ name: Span<UInt8>) {
        let top: UInt128
        if name.count <= 15 {
            var (low, high): (UInt64, UInt64) = (0, 0)
            for index in 0..<min(8, name.count) { low |= UInt64(name[index]) << (8 * index) }
            for index in min(8, name.count)..<name.count { high |= UInt64(name[index]) << (8 * (index - 8)) }
            key = UInt128(high) << 64 | UInt128(low)
            top = UInt128(name.count)
        } else {
            key = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
            for index in name.indices {
                key = (key ^ UInt128(name[index])) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
            }
            top = 0xFF
        }
        key = key & ~(0xFF << 120) | top << 120
    }
}
