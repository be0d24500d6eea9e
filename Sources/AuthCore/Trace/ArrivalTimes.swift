/// When one client's operations are due, in nanoseconds since its lap began; empty in a closed loop.
public struct ArrivalTimes: Sendable, Equatable {
    public private(set) var times_ns: [UInt64] = []
    /// From the beginning of a lap to that of the next.
    public private(set) var lap_ns: UInt64 = 0

    public init() {}

    /// Draws the arrivals of one of several clients that share a rate.
    ///
    /// The clients of a Poisson process are each one of their own, whose union is one with the whole rate.
    init(_ process: Arrival.Process, rate: Double, clients: Int, client: Int, count: Int, seed: UInt64) {
        let gap_ns = 1e9 * Double(clients) / rate
        times_ns.reserveCapacity(count)
        switch process {
        case .constant:
            let first_ns = gap_ns * (Double(client) + 0.5) / Double(clients)
            for index in 0..<count { times_ns.append(UInt64(first_ns + Double(index) * gap_ns)) }
            lap_ns = UInt64(Double(count) * gap_ns)
        case .poisson:
            var random = RandomSource(seed: seed, stream: 0xA441_0000 + UInt64(client))
            var time_ns = 0.0
            for _ in 0..<count {
                time_ns += gap_ns * random.exponential()
                times_ns.append(UInt64(time_ns))
            }
            lap_ns = UInt64(time_ns)
        }
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
