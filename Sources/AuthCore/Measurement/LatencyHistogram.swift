/// Counts of recorded times in the buckets that hold any: lossless, mergeable by adding.
package struct LatencyHistogram: Sendable, Equatable {
    package struct Bucket: Sendable, Equatable {
        /// Its place in `BucketLayout`.
        package var index: Int
        package var count: UInt64

        package init(index: Int, count: UInt64) {
            self.index = index
            self.count = count
        }

        package var lower_ns: UInt64 { BucketLayout.lower_ns(index) }
        package var upper_ns: UInt64 { BucketLayout.upper_ns(index) }
    }

    /// In ascending order, without empty ones.
    package private(set) var buckets: [Bucket]
    package private(set) var count: UInt64

    package init(_ buckets: [Bucket] = []) {
        self.buckets = buckets
        count = buckets.reduce(0) { $0 + $1.count }
    }

    /// One histogram over everything that several hold, count for count.
    package init(merging histograms: some Sequence<Self>) {
        var counts: [Int: UInt64] = [:]
        for histogram in histograms {
            for bucket in histogram.buckets { counts[bucket.index, default: 0] += bucket.count }
        }
        self.init(counts.keys.sorted().map { Bucket(index: $0, count: counts[$0] ?? 0) })
    }

    package var min_ns: UInt64? { buckets.first?.lower_ns }
    package var max_ns: UInt64? { buckets.last?.upper_ns }

    /// How many times may have been longer than what is recorded of them.
    package var clipped: UInt64 {
        buckets.last.map { $0.index == BucketLayout.count - 1 ? $0.count : 0 } ?? 0
    }

    /// How many times are longer than this one, as far as the buckets tell.
    package func count(above time_ns: UInt64) -> UInt64 {
        buckets.reduce(0) { $0 + ($1.lower_ns > time_ns ? $1.count : 0) }
    }

    /// All times together, each taken as the middle of its bucket.
    package var sum_ns: Double {
        buckets.reduce(0.0) { sum, bucket in
            sum + Double(bucket.lower_ns + bucket.upper_ns) / 2 * Double(bucket.count)
        }
    }

    /// The mean of bucket middles: within half a bucket of the true one.
    package var mean_ns: Double? { count > 0 ? sum_ns / Double(count) : nil }

    /// The smallest bucket end at or below which a share `quantile` of all times lies, as HdrHistogram
    /// defines it.
    package func value_ns(at quantile: Double) -> UInt64? {
        // Compared as they are rounded: the greatest counts are no whole doubles.
        let rank = min(Double(count), max(1, (quantile * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for bucket in buckets {
            seen &+= bucket.count
            if Double(seen) >= rank { return bucket.upper_ns }
        }
        return nil
    }
}

/// The times of one kind of operation, slice by slice of a measurement: the slices are what is resampled for
/// an interval, never single requests, because requests that follow each other are alike.
package struct SlicedHistogram: Sendable, Equatable {
    package let slices: [LatencyHistogram]
    /// All slices together.
    package let total: LatencyHistogram

    package init(_ slices: [LatencyHistogram] = []) {
        self.slices = slices
        total = LatencyHistogram(merging: slices)
    }
}

/// The buckets into which times fall: those of an HDR histogram with three significant digits
/// (Tene, HdrHistogram), so that a bucket is never wider than a thousandth of its times.
///
/// Times below 2048 ns have a bucket each; from there on each doubling has 1024.
public enum BucketLayout {
    /// 73 minutes, which is more than the longest repeat; longer times count as this one.
    ///
    /// The last bucket is theirs: what is in it may have been cut off (`LatencyHistogram.clipped`).
    public static let longest_ns: UInt64 = 1 << 42 - 1
    public static let count = index(of: longest_ns) + 1

    @inlinable
    public static func index(of time_ns: UInt64) -> Int {
        let time = Int(truncatingIfNeeded: time_ns)
        guard time >= 2048 else { return time }
        let doublings = 53 - time.leadingZeroBitCount
        return doublings << 10 + time >> doublings
    }

    /// The shortest time of a bucket.
    public static func lower_ns(_ index: Int) -> UInt64 {
        guard index >= 2048 else { return UInt64(index) }
        let doublings = index >> 10 - 1
        return UInt64(index & 1023 + 1024) << UInt64(doublings)
    }

    /// The longest time of a bucket.
    public static func upper_ns(_ index: Int) -> UInt64 { lower_ns(index + 1) - 1 }
}
