/// Bytes on their way in one direction: each portion is held until its time has come, and none overtakes another.
///
/// It knows no socket and no clock, so that its arithmetic can be tried by itself.
package struct DelayLine {
    private struct Portion {
        var bytes: [UInt8]
        var sent = 0
        let received_ns: UInt64
        let due_ns: UInt64
    }

    /// How the sending side takes bytes.
    package enum Taken {
        case bytes(Int)
        /// Nothing now; it says when it takes bytes again.
        case full
        /// It is gone.
        case broken
    }

    /// More than this is not held: who sends faster than the receiver reads must wait, as on a real line.
    package static let most_bytes = 1 << 20

    private var portions: [Portion] = []
    private var first = 0
    private var endDue_ns: UInt64?
    /// Bytes that are held.
    package private(set) var held = 0

    package init() {}

    package var isFull: Bool { held >= Self.most_bytes }

    /// When the next portion, or the end, is to go on; `nil` where nothing is held.
    package var nextDue_ns: UInt64? { first < portions.count ? portions[first].due_ns : endDue_ns }

    /// Takes the end, once, when its time has come and all bytes before it have gone on.
    package mutating func takeEnd(at now_ns: UInt64) -> Bool {
        guard first == portions.count, let due_ns = endDue_ns, due_ns <= now_ns else { return false }
        endDue_ns = nil
        return true
    }

    /// Takes bytes that have just come in.
    package mutating func take(_ bytes: [UInt8], at now_ns: UInt64, delay_ns: UInt64) {
        // A delay that has become shorter lets nothing overtake.
        let due_ns = max(now_ns + delay_ns, portions.last?.due_ns ?? 0)
        portions.append(Portion(bytes: bytes, received_ns: now_ns, due_ns: due_ns))
        held += bytes.count
    }

    /// The sender has sent all it had (shutdown(2)): that travels like its bytes.
    package mutating func end(at now_ns: UInt64, delay_ns: UInt64) {
        endDue_ns = max(now_ns + delay_ns, portions.last?.due_ns ?? 0)
    }

    /// Sends what is due.
    ///
    /// - Parameters:
    ///   - now_ns: the time.
    ///   - send: sends bytes and says how many were taken.
    ///   - passed: called for each portion that has gone, with how much later than asked it went.
    /// - Returns: `full` or `broken` where the receiver stopped it.
    package mutating func pass(
        at now_ns: UInt64, send: (ArraySlice<UInt8>) -> Taken, passed: (_ late_ns: UInt64) -> Void
    ) -> Taken {
        while first < portions.count, portions[first].due_ns <= now_ns {
            let portion = portions[first]
            switch send(portion.bytes[portion.sent...]) {
            case .bytes(let count):
                held -= count
                portions[first].sent += count
                guard portions[first].sent == portion.bytes.count else { continue }
                passed(now_ns - portion.due_ns)
                first += 1
            case .full: return .full
            case .broken: return .broken
            }
        }
        // What has gone is forgotten in one go, also where the line is never empty.
        if first == portions.count || first > 1000 {
            portions.removeFirst(first)
            first = 0
        }
        return .bytes(0)
    }
}
