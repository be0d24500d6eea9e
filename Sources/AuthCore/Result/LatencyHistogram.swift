/// Counts of recorded times in the buckets of an HDR histogram that hold any: lossless, mergeable by adding.
public struct LatencyHistogram: Sendable, Equatable {
    /// All times from `lower_ns` to `upper_ns`, both included, count as one value.
    public struct Bucket: Sendable, Equatable {
        public var lower_ns: UInt64
        public var upper_ns: UInt64
        public var count: UInt64

        public init(lower_ns: UInt64, upper_ns: UInt64, count: UInt64) {
            self.lower_ns = lower_ns
            self.upper_ns = upper_ns
            self.count = count
        }
    }

    /// In ascending order, without empty ones.
    public private(set) var buckets: [Bucket]
    public private(set) var count: UInt64

    public init(_ buckets: [Bucket] = []) {
        self.buckets = buckets
        count = buckets.reduce(0) { $0 + $1.count }
    }

    public var min_ns: UInt64? { buckets.first?.lower_ns }
    public var max_ns: UInt64? { buckets.last?.upper_ns }

    /// The mean of bucket middles: within half a bucket of the true one.
    public var mean_ns: Double? {
        guard count > 0 else { return nil }
        let sum = buckets.reduce(0.0) { sum, bucket in
            sum + Double(bucket.lower_ns + bucket.upper_ns) / 2 * Double(bucket.count)
        }
        return sum / Double(count)
    }

    /// The smallest bucket end at or below which a share `quantile` of all times lies, as HdrHistogram
    /// defines it.
    public func value_ns(at quantile: Double) -> UInt64? {
        let rank = UInt64(max(1, (quantile * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for bucket in buckets {
            seen += bucket.count
            if seen >= rank { return bucket.upper_ns }
        }
        return nil
    }

    /// Adds the counts of another histogram with the same bucket layout.
    public mutating func add(_ other: Self) {
        var sums: [Bucket] = []
        sums.reserveCapacity(buckets.count + other.buckets.count)
        var (left, right) = (buckets[...], other.buckets[...])
        while let a = left.first, let b = right.first {
            if a.lower_ns == b.lower_ns {
                sums.append(Bucket(lower_ns: a.lower_ns, upper_ns: a.upper_ns, count: a.count + b.count))
                left.removeFirst()
                right.removeFirst()
            } else if a.lower_ns < b.lower_ns {
                sums.append(left.removeFirst())
            } else {
                sums.append(right.removeFirst())
            }
        }
        self = Self(sums + left + right)
    }
}
