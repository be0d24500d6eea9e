/// Which of a client's sessions are live and which are revoked, changed in such a way that a lap ends as it began.
struct SlotStates {
    private var live: SlotSet
    private var revoked: SlotSet
    /// Those that were live when the lap began and are revoked now.
    private var gone: SlotSet
    /// Those that were revoked when the lap began and are live now.
    private var returned: SlotSet

    /// All live but `revoked` randomly chosen ones.
    init(count: Int, revoked revokedCount: Int, random: inout RandomSource) {
        live = SlotSet(capacity: count)
        revoked = live
        gone = live
        returned = live
        for slot in 0..<count { live.insert(slot) }
        for _ in 0..<revokedCount {
            let slot = live.any(&random)
            live.remove(slot)
            revoked.insert(slot)
        }
    }

    func isLive(_ slot: Int) -> Bool { live.contains(slot) }

    /// Makes a live slot revoked: any, until all of the lap's `left` sign-outs are needed to undo its sign-ins.
    mutating func revoke(left: Int, _ random: inout RandomSource) -> Int {
        let slot = returned.count >= left ? returned.any(&random) : live.any(&random)
        live.remove(slot)
        revoked.insert(slot)
        if returned.contains(slot) { returned.remove(slot) } else { gone.insert(slot) }
        return slot
    }

    /// Makes a revoked slot live: any, until all of the lap's `left` sign-ins are needed to undo its sign-outs.
    mutating func revive(left: Int, _ random: inout RandomSource) -> Int {
        let slot = gone.count >= left ? gone.any(&random) : revoked.any(&random)
        revoked.remove(slot)
        live.insert(slot)
        if gone.contains(slot) { gone.remove(slot) } else { returned.insert(slot) }
        return slot
    }

    func anyLive(_ random: inout RandomSource) -> Int { live.any(&random) }

    func anyRevoked(_ random: inout RandomSource) -> Int { revoked.any(&random) }
}

/// A set of slots with a random pick in constant time.
private struct SlotSet {
    private var slots: [UInt32] = []
    /// Where each slot stands in `slots`, counted from 1; 0 for one that is not in the set.
    private var places: [UInt32]

    init(capacity: Int) { places = Array(repeating: 0, count: capacity) }

    var count: Int { slots.count }

    func contains(_ slot: Int) -> Bool { places[slot] > 0 }

    func any(_ random: inout RandomSource) -> Int { Int(slots[random.below(slots.count)]) }

    mutating func insert(_ slot: Int) {
        slots.append(UInt32(slot))
        places[slot] = UInt32(slots.count)
    }

    mutating func remove(_ slot: Int) {
        let place = Int(places[slot]) - 1
        let last = slots.removeLast()
        if place < slots.count {
            slots[place] = last
            places[Int(last)] = UInt32(place + 1)
        }
        places[slot] = 0
    }
}
