/// A small seeded generator: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014).
///
/// For traces and orders only. Identifiers and keys come from the operating system through OpenSSL.
package struct RandomSource: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    /// A source for one part of a run that no draw in another part disturbs.
    package init(seed: UInt64, stream: UInt64) {
        var mixer = Self(seed: seed)
        state = mixer.next() ^ (stream &* 0xD134_2543_DE82_EF95)
        state = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A whole number below `bound`, by multiplication (Lemire, "Fast random integer generation", 2019,
    /// without the rejection: the bias stays below bound / 2^64).
    package mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number in [0, 1) with 53 random bits.
    package mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}
