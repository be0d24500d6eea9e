/// Which credential a client presents next.
///
/// Half of the requests race the withdrawals: with the credential that is just being withdrawn, and with the one
/// before it. The rest go round all credentials, so that every expiry is seen soon; one that has been refused is
/// looked at again in every eighth round only, in case it comes back.
struct ProbeOrder {
    private static let roundsOfRest = 8

    private let count: Int
    private var turn: Int
    private var round = 0
    private var step = 0

    /// - Parameters:
    ///   - count: how many credentials there are.
    ///   - start: where the first round begins, so that clients are not all at the same credential.
    init(count: Int, start: Int) {
        self.count = count
        turn = start % count
    }

    /// The next credential, when so many withdrawals have been acknowledged.
    @inline(__always)
    mutating func next(acknowledged: Int, _ log: borrowing ProbeLog) -> Int {
        step &+= 1
        if step & 1 == 1, acknowledged < count {
            return step & 2 == 0 ? acknowledged : max(0, acknowledged - 1)
        }
        for _ in 0..<Self.roundsOfRest * 2 {
            let index = turn
            turn += 1
            if turn == count { (turn, round) = (0, round &+ 1) }
            if !log.isRefused(index) || (round &+ index) % Self.roundsOfRest == 0 { return index }
        }
        return turn
    }
}
