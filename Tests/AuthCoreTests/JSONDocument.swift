import AuthCore

/// Draws JSON documents that are valid, in the limits of the reader, and ugly.
struct JSONDocument {
    var random: RandomSource

    init(seed: UInt64) { random = RandomSource(seed: seed) }

    mutating func object(atLeast least: Int = 0, depth: Int = 0) -> String {
        let members = (0..<pick(least..<8)).map { index in
            // No piece has a digit, so that the number keeps the names apart.
            space() + text(ending: "\(index)") + space() + ":" + space() + value(depth + 1) + space()
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
        default:
            "[" + (0..<pick(1..<5)).map { _ in space() + value(depth + 1) + space() }.joined(separator: ",")
                + "]"
        }
    }

    private mutating func number() -> String {
        var text = pick(0..<2) == 0 ? "-" : ""
        text += pick(0..<4) == 0 ? "0" : "\(pick(1..<10))" + digits(0..<12)
        if pick(0..<2) == 0 { text += "." + digits(1..<8) }
        if pick(0..<3) == 0 { text += ["e", "E", "e+", "E-"][pick(0..<4)] + digits(1..<3) }
        return text
    }

    private mutating func text(ending end: String = "") -> String {
        "\"" + (0..<pick(0..<24)).map { _ in Self.pieces[pick(0..<Self.pieces.count)] }.joined() + end + "\""
    }

    private mutating func digits(_ count: Range<Int>) -> String {
        (0..<pick(count)).map { _ in "\(pick(0..<10))" }.joined()
    }

    private mutating func space() -> String { ["", "", "", " ", "\n", "\t\r"][pick(0..<6)] }

    private mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    /// What strings are put together of.
    private static let pieces = [
        "a", "Z", "é", "ж", "😀", " ", "{", "]", ":", ",", "\u{7F}", #"\u0061"#, #"\u00e9"#, #"\ud83d\ude00"#,
        #"\u0000"#, #"\n"#, #"\/"#, #"\""#, #"\\"#,
    ]
}
