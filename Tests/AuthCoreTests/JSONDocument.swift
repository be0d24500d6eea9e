/// Draws JSON documents that are valid, in the limits of the reader, and ugly.
struct JSONDocument {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(state: seed) }

    mutating func object(atLeast least: Int = 0, depth: Int = 0) -> String {
        var (names, members): (Set<String>, [String]) = ([], [])
        for _ in 0..<pick(least..<8) {
            let name = text()
            guard names.insert(unescaped(name)).inserted else { continue }
            members.append(space() + name + space() + ":" + space() + value(depth + 1) + space())
        }
        return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
    }

    private mutating func value(_ depth: Int) -> String {
        switch pick(0..<(depth < 5 ? 8 : 6)) {
        case 0, 1: text()
        case 2, 3: number()
        case 4: ["true", "false", "null"][pick(0..<3)]
        case 5: "[" + space() + "]"
        case 6: object(depth: depth)
        default: "[" + (0..<pick(1..<5)).map { _ in space() + value(depth + 1) + space() }.joined(separator: ",") + "]"
        }
    }

    private mutating func number() -> String {
        var text = pick(0..<2) == 0 ? "-" : ""
        text += pick(0..<4) == 0 ? "0" : "\(pick(1..<10))" + digits(0..<12)
        if pick(0..<2) == 0 { text += "." + digits(1..<8) }
        if pick(0..<3) == 0 { text += ["e", "E", "e+", "E-"][pick(0..<4)] + digits(1..<3) }
        return text
    }

    private mutating func text() -> String {
        "\"" + (0..<pick(0..<24)).map { _ in Self.pieces[pick(0..<Self.pieces.count)].text }.joined() + "\""
    }

    private mutating func digits(_ count: Range<Int>) -> String {
        (0..<pick(count)).map { _ in "\(pick(0..<10))" }.joined()
    }

    private mutating func space() -> String { ["", "", "", " ", "\n", "\t\r"][pick(0..<6)] }

    private mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    /// The text that a string of pieces stands for, by which two names are one.
    private func unescaped(_ text: String) -> String {
        Self.pieces.reversed().reduce(text) { $0.replacing($1.text, with: $1.meaning) }
    }

    /// What strings are put together of; escapes last, so that they are taken back first.
    private static let pieces: [(text: String, meaning: String)] = [
        ("a", "a"), ("Z", "Z"), ("é", "é"), ("ж", "ж"), ("😀", "😀"), (" ", " "), ("{", "{"), ("]", "]"),
        (":", ":"), (",", ","), ("\u{7F}", "\u{7F}"), (#"\u0061"#, "a"), (#"\u00e9"#, "é"),
        (#"\ud83d\ude00"#, "😀"), (#"\u0000"#, "\0"), (#"\n"#, "\n"), (#"\/"#, "/"), (#"\""#, "\u{1}"),
        (#"\\"#, "\u{2}"),
    ]
}

/// SplitMix64 (Steele, Lea and Flood, 2014), so that a seed gives the same documents everywhere.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
