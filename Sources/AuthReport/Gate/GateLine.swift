/// One line of a gate's recording (JSON Lines): exactly one of its members is there.
package struct GateLine: Codable, Sendable, Equatable {
    package var header: GateHeader?
    package var slice: GateSlice?
    package var histogram: GateHistogram?
    package var block: GateBlock?
    package var instructions: InstructionCount?
    package var end: GateEnd?

    package init(header: GateHeader) { self.header = header }
    package init(slice: GateSlice) { self.slice = slice }
    package init(histogram: GateHistogram) { self.histogram = histogram }
    package init(block: GateBlock) { self.block = block }
    package init(instructions: InstructionCount) { self.instructions = instructions }
    package init(end: GateEnd) { self.end = end }
}

/// Which of the two programs; in a sentinel cell `head` is a second process of the base.
package enum GateRole: String, Codable, CaseIterable, Sendable {
    case base, head
}

/// A fixed number of operations of one side.
package struct GateSlice: Codable, Sendable, Equatable {
    /// Index into the header's cells.
    package var cell: Int
    package var side: GateRole
    /// Its place among the slices of its cell in the block, from 0.
    package var position: Int
    package var operations: Int
    package var wall_ns: UInt64
    /// Of the clients' threads.
    package var cpu_ns: UInt64
    package var voluntary_switches: UInt64
    package var involuntary_switches: UInt64
    package var accepted: UInt64
    package var refused: UInt64

    package init(
        cell: Int, side: GateRole, position: Int, operations: Int, wall_ns: UInt64, cpu_ns: UInt64,
        voluntary_switches: UInt64, involuntary_switches: UInt64, accepted: UInt64, refused: UInt64
    ) {
        self.cell = cell
        self.side = side
        self.position = position
        self.operations = operations
        self.wall_ns = wall_ns
        self.cpu_ns = cpu_ns
        self.voluntary_switches = voluntary_switches
        self.involuntary_switches = involuntary_switches
        self.accepted = accepted
        self.refused = refused
    }
}

/// The service times of one side of a cell in one block.
package struct GateHistogram: Codable, Sendable, Equatable {
    package var cell: Int
    package var side: GateRole
    /// Bucket, count, bucket, count …
    package var buckets: [UInt64]

    package init(cell: Int, side: GateRole, buckets: [UInt64]) {
        (self.cell, self.side, self.buckets) = (cell, side, buckets)
    }
}

/// The end of a block: all slices since the block before belong to it.
package struct GateBlock: Codable, Sendable, Equatable {
    package var stage: Int
    /// Counted from 1 over the whole run, dropped ones too.
    package var block: Int
    package var spawned_first: GateRole
    package var wall_ns: UInt64
    /// A fixed computation, timed before the first slice.
    package var calibration_ns: UInt64
    package var steal_share: Double?
    package var throttled_ns: UInt64?
    package var swapped_in_pages: UInt64?
    /// Why nothing of the block counts, on either side.
    package var dropped: String?

    package init(stage: Int, block: Int, spawned_first: GateRole, wall_ns: UInt64, calibration_ns: UInt64) {
        self.stage = stage
        self.block = block
        self.spawned_first = spawned_first
        self.wall_ns = wall_ns
        self.calibration_ns = calibration_ns
    }
}

/// The last line: without it the recording is not whole.
package struct GateEnd: Codable, Sendable, Equatable {
    package enum Reason: String, Codable, Sendable {
        /// Every cell was decided, or had its last look.
        case decided
        case budget
        /// Too many blocks had to be dropped.
        case disturbed
    }

    package var reason: Reason
    package var wall_ns: UInt64
    /// SHA-256 of all lines before this one.
    package var sha256: String

    package init(reason: Reason, wall_ns: UInt64, sha256: String) {
        (self.reason, self.wall_ns, self.sha256) = (reason, wall_ns, sha256)
    }
}
