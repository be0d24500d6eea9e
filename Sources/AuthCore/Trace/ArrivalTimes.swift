/// When one client's requests are due, in nanoseconds since its schedule began; empty in a closed loop.
///
/// The schedule repeats itself in laps of its own length. Which operation a request is does not depend on when it is
/// due, so a phase that leaves requests out, as a warm-up may, changes no later one.
package struct ArrivalTimes: Sendable, Equatable {
    /// Of the first lap, ascending.
    package private(set) var times_ns: [UInt64] = []
    /// From the beginning of a lap to that of the next.
    package private(set) var lap_ns: UInt64 = 0

    package init() {}

    /// Draws the arrivals of one of several clients that share a rate.
    ///
    /// The clients of a Poisson process are each one of their own, whose union is one with the whole rate. Given how
    /// many come in a lap, the arrivals of a Poisson process are uniform in it; so a lap may have exactly its share.
    init(_ process: Arrival.Process, rate: Double, clients: Int, client: Int, count: Int, seed: UInt64) {
        let gap_ns = 1e9 * Double(clients) / rate
        times_ns.reserveCapacity(count)
        lap_ns = UInt64(Double(count) * gap_ns)
        switch process {
        case .constant:
            let first_ns = gap_ns * (Double(client) + 0.5) / Double(clients)
            for index in 0..<count { times_ns.append(UInt64(first_ns + Double(index) * gap_ns)) }
        case .poisson:
            var random = RandomSource(seed: seed, stream: 0xA441_0000 + UInt64(client))
            var times: [Double] = []
            times.reserveCapacity(count)
            var time = 0.0
            for _ in 0..<count {
                time += random.exponential()
                times.append(time)
            }
            let unit_ns = Double(lap_ns) / (time + random.exponential())
            times_ns = times.map { UInt64($0 * unit_ns) }
        }
    }

    /// How many requests are due before a moment of the schedule.
    package func count(before time_ns: UInt64) -> Int {
        let (laps, rest_ns) = time_ns.quotientAndRemainder(dividingBy: lap_ns)
        var (low, high) = (0, times_ns.count)
        while low < high {
            let middle = (low + high) / 2
            if times_ns[middle] < rest_ns { low = middle + 1 } else { high = middle }
        }
        return Int(laps) * times_ns.count + low
    }

    /// When a request is due, by its number since the schedule began.
    package func time_ns(of index: Int) -> UInt64 {
        let (lap, place) = index.quotientAndRemainder(dividingBy: times_ns.count)
        return UInt64(lap) * lap_ns + times_ns[place]
    }
}

extension RandomSource {
    /// A number of the exponential distribution with mean 1.
    ///
    /// By comparisons alone (von Neumann, "Various techniques used in connection with random digits", 1951),
    /// so that no C library's logarithm decides a trace.
    mutating func exponential() -> Double {
        var whole = 0.0
        while true {
            let first = unit()
            var (last, length) = (first, 1)
            while true {
                let next = unit()
                if next >= last { break }
                last = next
                length += 1
            }
            if length % 2 == 1 { return whole + first }
            whole += 1
        }
    }
}
