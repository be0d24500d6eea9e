/// One line of a gate's recording (JSON Lines): exactly one of its members is there.
package struct GateLine: Codable, Sendable, Equatable {
    package var header: GateHeader?
    package var measurement: GateMeasurement?
    package var block: GateBlock?
    package var instructions: InstructionCount?
    package var end: GateEnd?

    package init(header: GateHeader) { self.header = header }
    package init(measurement: GateMeasurement) { self.measurement = measurement }
    package init(block: GateBlock) { self.block = block }
    package init(instructions: InstructionCount) { self.instructions = instructions }
    package init(end: GateEnd) { self.end = end }
}

/// The end of a block: all measurements since the block before belong to it.
package struct GateBlock: Codable, Sendable, Equatable {
    package var stage: Int
    /// Counted from 1 over the whole run, dropped ones too.
    package var block: Int
    package var spawned_first: GateRole
    /// Those to which the clients of both programs were bound; empty where they could use all.
    package var processors: [Int] = []
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
        self.reason = reason
        self.wall_ns = wall_ns
        self.sha256 = sha256
    }
}
