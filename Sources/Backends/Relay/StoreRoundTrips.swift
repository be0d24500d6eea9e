import Dispatch

/// The time from a request to its answer when the server has nothing to do: the floor under each verb.
package struct StoreRoundTrips: Sendable, Equatable {
    /// In nanoseconds, in ascending order, at least one.
    package let times_ns: [UInt64]

    package var count: Int { times_ns.count }
    package var min_ns: UInt64 { times_ns[0] }
    /// The median, by nearest rank.
    package var p50_ns: UInt64 { times_ns[(times_ns.count - 1) / 2] }
    package var p99_ns: UInt64 { times_ns[(times_ns.count * 99 - 1) / 100] }

    /// Takes times in any order; `nil` for none at all.
    package init?(times_ns: [UInt64]) {
        guard !times_ns.isEmpty else { return nil }
        self.times_ns = times_ns.sorted()
    }

    /// Asks again and again; the first times are not counted.
    ///
    /// - Parameters:
    ///   - warmUp: how many are not counted.
    ///   - count: how many are, at most.
    ///   - limit_ns: ends the measurement early on a slow link, after one counted round trip at least; a fifth
    ///     of it is for those not counted.
    ///   - ping: sends the server's own ping and waits for its answer.
    /// - Throws: what the ping throws.
    init<Failure: Error>(
        warmUp: Int, count: Int, limit_ns: UInt64, ping: () throws(Failure) -> Void
    ) throws(Failure) {
        let start = DispatchTime.now().uptimeNanoseconds
        func elapsed_ns() -> UInt64 { DispatchTime.now().uptimeNanoseconds - start }
        for _ in 0..<warmUp where elapsed_ns() < limit_ns / 5 { try ping() }
        var times_ns: [UInt64] = []
        var before = elapsed_ns()
        repeat {
            try ping()
            let after = elapsed_ns()
            times_ns.append(after - before)
            before = after
        } while times_ns.count < count && before < limit_ns
        self.times_ns = times_ns.sorted()
    }
}
