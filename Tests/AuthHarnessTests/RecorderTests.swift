import Histogram
import Testing

@testable import AuthCore
@testable import AuthHarness

@Suite("Recorder")
struct RecorderTests {
    private let times: [UInt64] = [
        0, 1, 999, 2047, 2048, 2051, 4095, 4096, 123_456, 7_654_321, 59_999_999_999, 120_000_000_000,
        3_600_000_000_000, 5_000_000_000_000,
    ]

    @Test("keeps times to three significant digits, and the longest ones")
    func precision() {
        var recorder = Recorder(Set(OperationKind.allCases), isOpenLoop: false)
        for time in times { recorder.record(.init(.authenticate), time, .accepted) }
        let histogram = SlicedHistogram(recorder.service(.authenticate)).total
        #expect(histogram.count == 14)
        #expect(histogram.value_ns(at: 13.0 / 14) ?? 0 >= 3_600_000_000_000, "an hour is not cut off")
        #expect(histogram.clipped == 1, "what is longer is, and that shows")
        for (time, bucket) in zip(times, histogram.buckets) where time < BucketLayout.longest_ns {
            #expect(bucket.lower_ns <= time && time <= bucket.upper_ns)
            #expect(Double(bucket.upper_ns - bucket.lower_ns) <= Double(time) / 1000)
        }
        #expect(histogram.max_ns ?? 0 >= BucketLayout.longest_ns)
    }

    @Test("has the buckets and quantiles of HdrHistogram")
    func hdr() {
        var random = RandomSource(seed: 7)
        var counts = BucketCounts(histograms: 2)
        var other = Histogram<UInt64>(
            highestTrackableValue: BucketLayout.longest_ns, numberOfSignificantValueDigits: .three)
        for _ in 0..<100_000 {
            // Evenly over the powers of two.
            let time_ns = random.next() >> UInt64(29 + random.below(35)) % BucketLayout.longest_ns
            counts.record(time_ns, in: 1)
            other.record(time_ns)
        }
        let own = counts.histogram(1)
        #expect(own.buckets.map(\.count) == other.recordedValues().map(\.count))
        #expect(
            own.buckets.map(\.upper_ns)
                == other.recordedValues().map { other.highestEquivalentForValue($0.value) })
        for quantile in [0.5, 0.9, 0.99, 0.999] {
            #expect(own.value_ns(at: quantile) == other.valueAtPercentile(quantile * 100))
        }
        #expect(counts.histogram(0).count == 0)
    }

    @Test("keeps kinds, slices and clocks apart")
    func apart() {
        var recorder = Recorder([.login, .renew], isOpenLoop: true)
        recorder.slice = 3
        recorder.record(.init(.renew), service_ns: 5, response_ns: 9, .accepted)
        recorder.slice = 39
        recorder.record(.init(.login), service_ns: 6, response_ns: 8, .done)
        recorder.recordLag(7)
        func places(_ slices: [LatencyHistogram]?) -> [[UInt64]] {
            (slices ?? []).enumerated().filter { $1.count > 0 }.map { [UInt64($0), $1.min_ns ?? 0] }
        }
        #expect(places(recorder.service(.renew)) == [[3, 5]])
        #expect(places(recorder.response(.renew)) == [[3, 9]])
        #expect(places(recorder.service(.login)) == [[39, 6]])
        #expect(places(recorder.response(.login)) == [[39, 8]])
        #expect(recorder.scheduleLag.buckets.map(\.lower_ns) == [7])
    }

    @Test("starts from nothing after a reset")
    func reset() {
        var recorder = Recorder(Set(OperationKind.allCases), isOpenLoop: true)
        recorder.record(.init(.login), service_ns: 5, response_ns: 5, .done)
        recorder.record(.init(.login), error: BreakdownError())
        recorder.recordLate(isBacklog: true)
        recorder.recordLag(1)
        recorder.reset()
        #expect(recorder.tally(.login) == Tally())
        #expect(SlicedHistogram(recorder.service(.login)).total.count == 0)
        #expect(recorder.scheduleLag.count == 0)
        #expect(recorder.lateOperations == 0 && recorder.backlog == 0)
        #expect(recorder.errors.count == 0)
    }
}

extension ClientState.Step {
    /// An operation of the trace, of the kind alone.
    init(_ kind: OperationKind) { self.init(operation: Operation(kind: kind, slot: 0, time_ms: 0)) }
}
