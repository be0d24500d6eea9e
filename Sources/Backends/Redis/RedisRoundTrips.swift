import Dispatch

/// The time from a command to its reply when the server has nothing to do: the floor under each verb.
package struct RedisRoundTrips: Sendable, Equatable {
    /// In nanoseconds, in ascending order, at least one.
    package let times_ns: [UInt64]

    package var count: Int { times_ns.count }
    package var min_ns: UInt64 { times_ns[0] }
    /// The median, by nearest rank.
    package var p50_ns: UInt64 { times_ns[(times_ns.count - 1) / 2] }

    /// Takes times in any order; `nil` for none at all.
    package init?(times_ns: [UInt64]) {
        guard !times_ns.isEmpty else { return nil }
        self.times_ns = times_ns.sorted()
    }

    /// Sends `PING` again and again over a connection; the first ones are not counted.
    ///
    /// - Parameters:
    ///   - connection: the one to measure.
    ///   - warmUp: how many are not counted.
    ///   - count: how many are, at most.
    ///   - limit_ns: ends the measurement early on a slow link, after one counted round trip at least; a fifth
    ///     of it is for those not counted.
    /// - Throws: `RedisError` when the server does not answer.
    package init(
        over connection: inout RedisConnection, warmUp: Int = 100, count: Int = 1000,
        limit_ns: UInt64 = 500_000_000
    ) throws(RedisError) {
        let ping = RedisCommand("PING")
        let start = DispatchTime.now().uptimeNanoseconds
        func elapsed_ns() -> UInt64 { DispatchTime.now().uptimeNanoseconds - start }
        for _ in 0..<warmUp where elapsed_ns() < limit_ns / 5 { _ = try connection.execute(ping) }
        var times_ns: [UInt64] = []
        var before = elapsed_ns()
        repeat {
            _ = try connection.execute(ping)
            let after = elapsed_ns()
            times_ns.append(after - before)
            before = after
        } while times_ns.count < count && before < limit_ns
        self.times_ns = times_ns.sorted()
    }
}
