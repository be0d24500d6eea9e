/// Which slots are live and which are revoked, with a random pick of either in constant time.
struct SlotStates {
    /// Slots, the live ones first.
    private var order: [Int]
    /// Where each slot stands in `order`.
    private var position: [Int]
    private var liveCount: Int

    /// All live but `revoked` randomly chosen ones.
    init(count: Int, revoked: Int, random: inout RandomSource) {
        order = Array(0..<count)
        position = order
        liveCount = count
        for _ in 0..<revoked { _ = revoke(&random) }
    }

    func isLive(_ slot: Int) -> Bool { position[slot] < liveCount }

    /// Makes a random live slot revoked; `nil` when it is the last live one.
    mutating func revoke(_ random: inout RandomSource) -> Int? {
        guard liveCount > 1 else { return nil }
        let slot = order[random.below(liveCount)]
        liveCount -= 1
        swap(slot, to: liveCount)
        return slot
    }

    /// Makes a random revoked slot live; `nil` when it is the last revoked one, which probes need.
    mutating func revive(_ random: inout RandomSource) -> Int? {
        guard order.count - liveCount > 1 else { return nil }
        let slot = anyRevoked(&random)
        swap(slot, to: liveCount)
        liveCount += 1
        return slot
    }

    func anyLive(_ random: inout RandomSource) -> Int { order[random.below(liveCount)] }

    func anyRevoked(_ random: inout RandomSource) -> Int {
        order[liveCount + random.below(order.count - liveCount)]
    }

    private mutating func swap(_ slot: Int, to place: Int) {
        let (other, from) = (order[place], position[slot])
        order[from] = other
        position[other] = from
        order[place] = slot
        position[slot] = place
    }
}
