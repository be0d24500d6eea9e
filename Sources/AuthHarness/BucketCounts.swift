import AuthCore

/// The counts of many histograms with the layout of `BucketLayout`, in one block of memory.
///
/// A client needs hundreds of histograms, each of which is nearly empty, so a histogram is a tree that gets
/// memory for those leaves only into which a time has fallen: a root for each of its stretches of 1024 buckets, a
/// node of 64 leaves, a leaf of 16 buckets.
struct BucketCounts {
    private static let leaf = 16
    private static let leaves = 64
    private static let stretches = (BucketLayout.count + leaf * leaves - 1) / (leaf * leaves)

    /// For each histogram where the node of each of its stretches begins in `pool`; 0 for one that has none.
    private var roots: [UInt32]
    /// Nodes, whose entries say where their leaves begin, and leaves, whose entries count.
    ///
    /// The first entry belongs to nobody. No count overflows: the limits of a run keep a slice below 2^32 operations of one client.
    private var pool: [UInt32] = [0]

    init(histograms: Int) {
        roots = Array(repeating: 0, count: histograms * Self.stretches)
        // So that the timed loop does not run into the first few reallocations.
        pool.reserveCapacity(1 << 16)
    }

    @inline(__always)
    mutating func record(_ time_ns: UInt64, in histogram: Int) {
        let bucket = BucketLayout.index(of: min(time_ns, BucketLayout.longest_ns))
        let root = histogram &* Self.stretches &+ bucket >> 10
        var node = Int(roots[root])
        if node == 0 {
            node = grow(by: Self.leaves)
            roots[root] = UInt32(truncatingIfNeeded: node)
        }
        let place = node &+ bucket >> 4 & 63
        var leaf = Int(pool[place])
        if leaf == 0 {
            leaf = grow(by: Self.leaf)
            pool[place] = UInt32(truncatingIfNeeded: leaf)
        }
        pool[leaf &+ bucket & 15] &+= 1
    }

    @inline(never)
    private mutating func grow(by entries: Int) -> Int {
        let start = pool.count
        pool.append(contentsOf: repeatElement(0, count: entries))
        return start
    }

    /// Makes all histograms empty and keeps the memory.
    mutating func reset() {
        for root in roots.indices { roots[root] = 0 }
        pool.removeLast(pool.count - 1)
    }

    func histogram(_ histogram: Int) -> LatencyHistogram {
        var buckets: [LatencyHistogram.Bucket] = []
        for stretch in 0..<Self.stretches {
            let node = Int(roots[histogram * Self.stretches + stretch])
            guard node > 0 else { continue }
            for leaf in 0..<Self.leaves where pool[node + leaf] > 0 {
                let start = Int(pool[node + leaf])
                for offset in 0..<Self.leaf where pool[start + offset] > 0 {
                    let index = (stretch * Self.leaves + leaf) * Self.leaf + offset
                    buckets.append(.init(index: index, count: UInt64(pool[start + offset])))
                }
            }
        }
        return LatencyHistogram(buckets)
    }
}
