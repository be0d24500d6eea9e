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
