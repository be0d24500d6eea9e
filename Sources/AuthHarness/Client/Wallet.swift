import AuthCore

/// The credentials of one client, one for each slot of its trace.
///
/// The header lines stand end to end in one block, so that a request is lent to a strategy as a span of it:
/// nothing is copied, no reference is counted, and the fewest cache lines are touched.
struct Wallet {
    private var lines: [UInt8] = []
    /// The bytes from one line to the next.
    private var stride = 16
    private var lengths: [UInt32] = []
    private var refreshTokens: [[UInt8]] = []
    private(set) var subjects: [Subject] = []
    /// After a failed sign-in or sign-out nobody knows what the store holds, so nothing is judged.
    var isUncertain: [Bool] = []

    mutating func reserve(_ count: Int) {
        lengths.reserveCapacity(count)
        refreshTokens.reserveCapacity(count)
        subjects.reserveCapacity(count)
        isUncertain.reserveCapacity(count)
    }

    mutating func append(_ credential: Credential, of subject: Subject) {
        let slot = subjects.count
        subjects.append(subject)
        isUncertain.append(false)
        lengths.append(0)
        refreshTokens.append([])
        replace(slot, by: credential)
    }

    mutating func replace(_ slot: Int, by credential: Credential) {
        let line = credential.headerLine
        if line.count > stride { widen(to: line.count) }
        let start = slot * stride
        if lines.count < start + stride {
            lines.append(contentsOf: repeatElement(0, count: start + stride - lines.count))
        }
        lines.replaceSubrange(start..<(start + line.count), with: line)
        lengths[slot] = UInt32(line.count)
        refreshTokens[slot] = credential.refreshToken
        isUncertain[slot] = false
    }

    func credential(_ slot: Int) -> Credential {
        Credential(headerLine: Array(lines[range(slot)]), refreshToken: refreshTokens[slot])
    }

    /// Where a slot's header line stands in `bytes`.
    @inline(__always)
    func range(_ slot: Int) -> Range<Int> {
        let start = slot * stride
        return start..<(start + Int(lengths[slot]))
    }

    /// All header lines, to be cut by `range`.
    @inline(__always)
    var bytes: [UInt8] { lines }

    /// Moves the lines apart; seldom, because a strategy's lines are about equally long.
    private mutating func widen(to length: Int) {
        let wider = (length + 15) / 16 * 16
        var moved = [UInt8](repeating: 0, count: lengths.count * wider)
        for slot in lengths.indices where lengths[slot] > 0 {
            let from = range(slot)
            moved.replaceSubrange(slot * wider..<(slot * wider + from.count), with: lines[from])
        }
        lines = moved
        stride = wider
    }
}
