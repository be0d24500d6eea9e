import AuthVerdict
import Backends

/// All that a gate has measured, line by line: the verdict is a function of it and of nothing else.
package struct GateRecording: Sendable {
    /// A block with what each side of each case came to.
    struct Block: Sendable {
        var facts: GateBlock
        var cases: [Int: BlockRatios]
        var measurements: [GateMeasurement]
    }

    package let header: GateHeader
    private(set) var blocks: [Block] = []
    private(set) var instructions: [InstructionCount] = []
    package private(set) var end: GateEnd?
    private var measurements: [GateMeasurement] = []

    package init(_ header: GateHeader) { self.header = header }

    /// Takes a whole recording.
    ///
    /// - Parameter lines: all of them, the header first.
    /// - Throws: `GateRecordingError` for the first line that does not fit those before it.
    package init(_ lines: [GateLine]) throws(GateRecordingError) {
        guard let header = lines.first?.header else {
            throw GateRecordingError(line: 1, reason: "the recording has no header")
        }
        if let fault = header.fault { throw GateRecordingError(line: 1, reason: fault) }
        self.init(header)
        for (index, line) in lines.enumerated().dropFirst() {
            guard let fault = add(line) else { continue }
            throw GateRecordingError(line: index + 1, reason: fault)
        }
        guard end != nil else {
            throw GateRecordingError(line: lines.count, reason: "the recording ends before the gate did")
        }
    }

    /// Adds a line.
    ///
    /// - Returns: why it does not fit, if so.
    package mutating func add(_ line: GateLine) -> String? {
        guard end == nil else { return "there is a line after the end" }
        if let measurement = line.measurement {
            if let fault = measurement.fault(header) { return fault }
            guard !measurements.contains(where: { $0.caseIndex == measurement.caseIndex }) else {
                return "a block has one case twice"
            }
            measurements.append(measurement)
        } else if let block = line.block {
            guard block.block == blocks.count + 1 else {
                return "block \(block.block) follows block \(blocks.count)"
            }
            guard 1...header.rules.blocks.count ~= block.stage else {
                return "there is no stage \(block.stage)"
            }
            guard !measurements.isEmpty else { return "a block has no measurement" }
            let contrasts = measurements.map { one in
                (
                    one.caseIndex,
                    BlockRatios(one, operations: header.cases[one.caseIndex].operations_per_slice)
                )
            }
            blocks.append(
                Block(
                    facts: block, cases: Dictionary(uniqueKeysWithValues: contrasts),
                    measurements: measurements))
            measurements = []
        } else if let count = line.instructions {
            instructions.append(count)
        } else if let end = line.end {
            self.end = end
        } else {
            return line.header == nil
                ? "the line is neither a measurement, a block, instructions nor the end"
                : "there is a second header"
        }
        return nil
    }
}

/// Why a recording cannot be used.
package struct GateRecordingError: Error, Equatable {
    /// Counted from 1.
    package var line: Int
    package var reason: String
}

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
        /// Every case was decided, or had its last look.
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

/// The instructions of one case in a base and a head, and what may be said of the difference.
package struct InstructionCount: Codable, Sendable, Equatable {
    /// What counts as a change: a compiler's other choice of registers stays well below it.
    package static let tolerance_percent = 1.0

    package let name: String
    package let operation: String
    /// Instructions for each operation; `nil` where only one of the programs has the case.
    package let base: Double?
    package let head: Double?
    /// How often each side was counted.
    package let runs: Int
    /// Why there is nothing to compare; empty where there is.
    package let why: String

    package init(name: String, operation: String, base: Double?, head: Double?, runs: Int, why: String = "") {
        self.name = name
        self.operation = operation
        self.base = base
        self.head = head
        self.runs = runs
        self.why = why
    }

    /// The ratio of head to base, less 1.
    package var change: Double? {
        guard let base, let head, base > 0 else { return nil }
        return head / base - 1
    }

    package var isMore: Bool { differs { $0 > 100 + Self.tolerance_percent } }

    package var verdict: VerdictRow.Verdict {
        guard change != nil else { return .notGated }
        if isMore { return .regression }
        return differs { $0 < 100 - Self.tolerance_percent } ? .improvement : .pass
    }

    /// Judges the head in per cent of the base, where there is one.
    private func differs(_ isDifferent: (Double) -> Bool) -> Bool {
        guard let base, let head, base > 0 else { return false }
        return isDifferent(head * 100 / base)
    }

    /// The same for a report, beside the rows of times.
    package var row: VerdictRow {
        VerdictRow(
            strategy: name, workload: "instructions", operation: operation, clients: 1,
            metric: "instructions", base: base, head: head, change: change,
            n: change == nil ? nil : runs, mde: change == nil ? nil : Self.tolerance_percent / 100,
            verdict: verdict,
            why: why)
    }
}
