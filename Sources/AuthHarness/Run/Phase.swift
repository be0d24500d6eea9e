import AuthCore

/// How long the clients replay: until each has done its count of operations or the time is over, whichever comes first.
struct Phase: Sendable {
    /// Into how many slices a measurement is cut: enough for MSER-5 to have eight batches of five.
    static let slices = 40

    /// How many operations each client does; empty where only the time ends it.
    var counts: [Int] = []
    /// Which requests of the schedule are due in it; `nil` in a closed loop.
    var due: DueRequests?
    /// When the barrier opened.
    var start_ns: UInt64
    var duration_ns: UInt64
    /// Whether an open loop goes on after the end until all that was due is done; a warm-up does not.
    var isDrained: Bool

    var end_ns: UInt64 { start_ns &+ duration_ns }

    /// When a slice ends.
    func end_ns(ofSlice slice: Int) -> UInt64 {
        let slice_ns = duration_ns / UInt64(Self.slices)
        return slice == Self.slices - 1 ? end_ns : start_ns &+ slice_ns * UInt64(slice + 1)
    }

    func operations(of client: Int) -> Int { counts.isEmpty ? Int.max : counts[client] }

    /// How many of a client's operations are left when a slice ends.
    func remaining(of operations: Int, afterSlice slice: Int) -> Int {
        let (high, low) = operations.multipliedFullWidth(by: Self.slices - 1 - slice)
        return Self.slices.dividingFullWidth((high, low)).quotient
    }

    /// The slice in which a moment lies; what comes after the end is in the last one.
    func slice(at time_ns: UInt64) -> Int {
        let slice_ns = max(1, duration_ns / UInt64(Self.slices))
        return time_ns < start_ns ? 0 : Int(min(UInt64(Self.slices - 1), (time_ns - start_ns) / slice_ns))
    }
}

/// The requests of an open loop's schedule that are due in a phase.
///
/// The schedule goes on from phase to phase, so a phase begins at no request's moment: its first gaps are drawn like
/// any other.
struct DueRequests: Sendable {
    /// For each client the numbers of its requests.
    var indices: [Range<Int>]
    /// Where the phase begins and ends in the schedule.
    var schedule_ns: Range<UInt64>
    /// What a nanosecond of the schedule takes.
    var stretch = 1.0

    /// Those due in a stretch of the schedule.
    init(_ arrivals: [ArrivalTimes], in schedule_ns: Range<UInt64>) {
        self.schedule_ns = schedule_ns
        indices = arrivals.map {
            $0.count(before: schedule_ns.lowerBound)..<$0.count(before: schedule_ns.upperBound)
        }
    }

    /// The next `count` requests of all clients together, at their rate on average.
    ///
    /// Where the gaps are drawn, they are stretched until one request more would be due as the phase ends: the moments of
    /// so many arrivals of a Poisson process are uniform in the time before the next (Cox and Lewis 1966, section 2.1).
    init(_ arrivals: [ArrivalTimes], from start_ns: UInt64, count: Int, arrival: Arrival) {
        var (low, high) = (start_ns, start_ns + 1_000_000)
        func number(before end_ns: UInt64) -> Int {
            arrivals.reduce(0) { $0 + $1.count(before: end_ns) - $1.count(before: start_ns) }
        }
        while number(before: high) <= count { high = start_ns + 2 * (high - start_ns) }
        // The last moment before which no more are due.
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if number(before: middle) <= count { low = middle } else { high = middle }
        }
        self.init(arrivals, in: start_ns..<low)
        // Several may be due at that very moment.
        var missing = count - indices.reduce(0) { $0 + $1.count }
        for client in arrivals.indices {
            while missing > 0, arrivals[client].time_ns(of: indices[client].upperBound) == low {
                indices[client] = indices[client].lowerBound..<(indices[client].upperBound + 1)
                missing -= 1
            }
        }
        if case .open(.poisson, let rate) = arrival {
            stretch = Double(count) / rate * 1e9 / Double(max(1, schedule_ns.count))
        }
    }

    /// When a request is due, since the phase began.
    func offset_ns(of time_ns: UInt64) -> UInt64 {
        let offset_ns = time_ns - schedule_ns.lowerBound
        return stretch == 1 ? offset_ns : UInt64(Double(offset_ns) * stretch)
    }
}
