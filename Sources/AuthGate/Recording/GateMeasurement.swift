import AuthCore

/// Which of the two programs; in a sentinel case `head` is a second process of the base.
package enum GateRole: String, Codable, CaseIterable, Sendable {
    case base, head

    /// In the order of a block's slices.
    var letter: Character { self == .base ? "b" : "h" }
}

/// One case in one block: every slice of both sides, in the order in which they were measured.
package struct GateMeasurement: Codable, Sendable, Equatable {
    /// What one side did in all its slices.
    package struct Side: Codable, Sendable, Equatable {
        package var accepted: UInt64 = 0
        package var refused: UInt64 = 0
        package var voluntary_switches: UInt64 = 0
        package var involuntary_switches: UInt64 = 0
        /// That its clients sent to the store.
        package var store_commands: UInt64 = 0
        /// By how much what its process holds in memory grew from before the slices until after them.
        package var grown_bytes: Int64 = 0
        /// Service times: bucket and count in turn.
        package var buckets: [UInt64] = []

        package init() {}
    }

    /// Index into the header's cases.
    package var caseIndex: Int
    /// A letter for each slice, `b` or `h`; each four are `bhhb` or `hbbh`.
    package var order = ""
    package var wall_ns: [UInt64] = []
    /// Of the process: the clients' threads, and those that a strategy has of its own.
    ///
    /// Where a server is compared over HTTP, of the server alone.
    package var cpu_ns: [UInt64] = []
    /// Of the store's process; empty where it has none.
    package var store_cpu_ns: [UInt64] = []
    /// How far away the store was (`--store-rtt`), for half of the round trips.
    ///
    /// Without a relay nobody knows.
    package var store_rtt_p50_ns: UInt64?
    /// The same for 99 in 100.
    package var store_rtt_p99_ns: UInt64?
    package var base = Side()
    package var head = Side()

    package init(caseIndex: Int) { self.caseIndex = caseIndex }

    private enum CodingKeys: String, CodingKey {
        case caseIndex = "case"
        case order, wall_ns, cpu_ns, store_cpu_ns, store_rtt_p50_ns, store_rtt_p99_ns, base, head
    }

    package mutating func add(_ role: GateRole, wall_ns: UInt64, cpu_ns: UInt64, storeCPU_ns: UInt64? = nil) {
        order.append(role.letter)
        self.wall_ns.append(wall_ns)
        self.cpu_ns.append(cpu_ns)
        if let storeCPU_ns { store_cpu_ns.append(storeCPU_ns) }
    }

    package subscript(role: GateRole) -> Side {
        get { role == .base ? base : head }
        set { if role == .base { base = newValue } else { head = newValue } }
    }

    /// The wall-clock times of one side's slices.
    func slices_ns(_ role: GateRole) -> [UInt64] {
        zip(order, wall_ns).filter { $0.0 == role.letter }.map(\.1)
    }

    /// Why it cannot be what a gate with so many quads has measured, if so.
    func fault(_ header: GateHeader) -> String? {
        guard header.cases.indices.contains(caseIndex) else { return "the case is unknown" }
        let letters = Array(order)
        let own = header.cases[caseIndex]
        guard letters.count == 4 * own.quads, wall_ns.count == letters.count,
            cpu_ns.count == letters.count,
            store_cpu_ns.isEmpty || own.has_server && store_cpu_ns.count == letters.count,
            wall_ns.allSatisfy({ $0 > 0 }),
            stride(from: 0, to: letters.count, by: 4).allSatisfy({
                ["bhhb", "hbbh"].contains(String(letters[$0..<$0 + 4]))
            })
        else { return "the slices do not match the header" }
        guard
            [store_rtt_p50_ns, store_rtt_p99_ns].allSatisfy({ time_ns in
                time_ns.map { own.has_server && header.store_rtt_asked_ns != nil && $0 < 1 << 40 } ?? true
            })
        else { return "the distance to the store does not match the header" }
        for role in GateRole.allCases {
            guard LatencyHistogram(flat: self[role].buckets)?.count == UInt64(own.operationsPerSide) else {
                return "the histogram does not match the times of the slices"
            }
            guard self[role].store_commands < 1 << 40, self[role].grown_bytes.magnitude < 1 << 50 else {
                return "a count is impossible"
            }
        }
        return nil
    }
}

extension LatencyHistogram {
    /// As lines have it: bucket and count in turn.
    package var flat: [UInt64] { buckets.flatMap { [UInt64($0.index), $0.count] } }

    /// `nil` where the numbers are none of a histogram.
    package init?(flat: [UInt64]) {
        guard flat.count.isMultiple(of: 2) else { return nil }
        var own: [Bucket] = []
        for position in stride(from: 0, to: flat.count, by: 2) {
            guard flat[position] < UInt64(BucketLayout.count), flat[position + 1] < 1 << 40 else {
                return nil
            }
            let index = Int(flat[position])
            if let last = own.last, last.index >= index { return nil }
            own.append(.init(index: index, count: flat[position + 1]))
        }
        self.init(own)
    }
}
