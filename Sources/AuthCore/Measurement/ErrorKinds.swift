/// Errors counted by their kind: texts that differ in nothing but numbers are of one kind.
package struct ErrorKinds: Sendable, Equatable {
    private struct Kind: Sendable, Equatable {
        /// As the first of the kind said it.
        var example: String
        var count: UInt64
    }

    /// More kinds than these are counted together.
    private static let most = 20

    /// By the text without its numbers.
    private var kinds: [String: Kind] = [:]
    private var others: UInt64 = 0

    package init() {}

    package var count: UInt64 { kinds.values.reduce(others) { $0 + $1.count } }

    package mutating func note(_ text: String) { add(Kind(example: text.printable, count: 1)) }

    package static func += (left: inout Self, right: Self) {
        for kind in right.kinds.values.sorted(by: { $0.example < $1.example }) { left.add(kind) }
        left.others += right.others
    }

    private mutating func add(_ kind: Kind) {
        let key = kind.example.withoutNumbers
        guard kinds[key] == nil else {
            kinds[key]?.count += kind.count
            return
        }
        guard kinds.count < Self.most else {
            others += kind.count
            return
        }
        kinds[key] = kind
    }

    /// Each kind with its count, the commonest first; empty without an error.
    package var text: String {
        let ordered = kinds.values.sorted { ($1.count, $0.example) < ($0.count, $1.example) }
        let parts = ordered.map { "\($0.count) x \($0.example)" } + (others > 0 ? ["\(others) x others"] : [])
        return parts.joined(separator: "; ")
    }
}

extension String {
    fileprivate var withoutNumbers: String {
        var text = ""
        for character in self {
            if !character.isNumber { text.append(character) } else if text.last != "#" { text.append("#") }
        }
        return text
    }

    /// At most 300 characters of the text, without those that control a terminal.
    package var printable: String {
        count > 300 ? String(prefix(300)).withoutControls + "…" : withoutControls
    }

    /// The text with each character that controls a terminal, or that shows others in another order, as `\u{1b}`.
    package var withoutControls: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
