import AuthCore
import Testing

@Suite("Latency histogram")
struct LatencyHistogramTests {
    private func histogram(_ counts: [(UInt64, UInt64)]) -> LatencyHistogram {
        LatencyHistogram(counts.map { .init(index: Int($0.0), count: $0.1) })
    }

    @Test("gives the value at or below which a share of the samples lies")
    func quantiles() {
        let histogram = histogram([(10, 50), (20, 49), (30, 1)])
        #expect(histogram.value_ns(at: 0.5) == 10)
        #expect(histogram.value_ns(at: 0.51) == 20)
        #expect(histogram.value_ns(at: 0.99) == 20)
        #expect(histogram.value_ns(at: 1) == 30)
        #expect(histogram.mean_ns == 15.1)
        #expect(histogram.min_ns == 10)
        #expect(histogram.max_ns == 30)
    }

    @Test("adds count for count")
    func adding() {
        let sum = LatencyHistogram(merging: [
            histogram([(10, 1), (30, 3)]), histogram([(5, 2), (10, 4), (40, 1)]),
        ])
        #expect(sum == histogram([(5, 2), (10, 5), (30, 3), (40, 1)]))
        #expect(sum.count == 11)
    }

    @Test("has no quantile without samples")
    func empty() {
        #expect(LatencyHistogram().value_ns(at: 0.5) == nil)
        #expect(LatencyHistogram().mean_ns == nil)
    }

    @Test("has buckets that join without gap or overlap and hold what falls into them")
    func layout() {
        var next: UInt64 = 0
        for index in 0..<BucketLayout.count {
            #expect(BucketLayout.lower_ns(index) == next)
            #expect(BucketLayout.index(of: next) == index)
            #expect(BucketLayout.index(of: BucketLayout.upper_ns(index)) == index)
            next = BucketLayout.upper_ns(index) + 1
        }
        #expect(next > BucketLayout.longest_ns)
    }
}
