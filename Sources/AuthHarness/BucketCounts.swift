import AuthCore

/// The counts of many histograms with the layout of `BucketLayout`, in one block of memory.
///
/// A histogram gets memory for those stretches of buckets only into which a time has fallen: a client needs
/// hundreds of histograms, each of which is nearly empty.
struct BucketCounts {
    /// Buckets in one stretch.
    private static let width = 64
    private static let stretches = (BucketLayout.count + width - 1) / width

    /// For each histogram where each of its stretches begins in `counts`; 0 for one that has none.
    private var starts: [UInt32]
    /// The first stretch belongs to nobody.
    private var counts: [UInt64]

    init(histograms: Int) {
        starts = Array(repeating: 0, count: histograms * Self.stretches)
        counts = Array(repeating: 0, count: Self.width)
        // So that the timed loop does not run into the first few reallocations.
        counts.reserveCapacity(256 * Self.width)
    }

    @inline(__always)
    mutating func record(_ time_ns: UInt64, in histogram: Int) {
        let bucket = BucketLayout.index(of: min(time_ns, BucketLayout.longest_ns))
        let place = histogram &* Self.stretches &+ bucket / Self.width
        var start = Int(starts[place])
        if start == 0 { start = addStretch(at: place) }
        counts[start &+ bucket % Self.width] &+= 1
    }

    @inline(never)
    private mutating func addStretch(at place: Int) -> Int {
        let start = counts.count
        counts.append(contentsOf: repeatElement(0, count: Self.width))
        starts[place] = UInt32(start)
        return start
    }

    /// Makes all histograms empty and keeps the memory.
    mutating func reset() {
        for place in starts.indices { starts[place] = 0 }
        counts.removeLast(counts.count - Self.width)
    }

    func histogram(_ histogram: Int) -> LatencyHistogram {
        var buckets: [LatencyHistogram.Bucket] = []
        for stretch in 0..<Self.stretches {
            let start = Int(starts[histogram * Self.stretches + stretch])
            guard start > 0 else { continue }
            for offset in 0..<Self.width where counts[start + offset] > 0 {
                buckets.append(.init(index: stretch * Self.width + offset, count: counts[start + offset]))
            }
        }
        return LatencyHistogram(buckets)
    }
}
