/// All that a gate has measured, line by line: the verdict is a function of it and of nothing else.
package struct GateRecording: Sendable {
    /// A block with what each side of each cell came to.
    struct Block: Sendable {
        var facts: GateBlock
        var cells: [Int: GateContrast]
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
    /// - Throws: `GateRecordingFault` for the first line that does not fit those before it.
    package init(_ lines: [GateLine]) throws(GateRecordingFault) {
        guard let header = lines.first?.header else {
            throw GateRecordingFault(line: 1, reason: "no header")
        }
        if let fault = header.fault { throw GateRecordingFault(line: 1, reason: fault) }
        self.init(header)
        for (index, line) in lines.enumerated().dropFirst() {
            guard let fault = add(line) else { continue }
            throw GateRecordingFault(line: index + 1, reason: fault)
        }
        guard end != nil else {
            throw GateRecordingFault(line: lines.count, reason: "the recording ends before the gate did")
        }
    }

    /// Adds a line.
    ///
    /// - Returns: why it does not fit, if so.
    package mutating func add(_ line: GateLine) -> String? {
        guard end == nil else { return "a line after the end" }
        if let measurement = line.measurement {
            if let fault = measurement.fault(header) { return fault }
            guard !measurements.contains(where: { $0.cell == measurement.cell }) else {
                return "a cell twice in a block"
            }
            measurements.append(measurement)
        } else if let block = line.block {
            guard block.block == blocks.count + 1 else { return "block \(block.block) after \(blocks.count)" }
            guard 1...header.rules.blocks.count ~= block.stage else { return "stage \(block.stage)" }
            guard !measurements.isEmpty else { return "a block without a measurement" }
            let contrasts = measurements.map { one in
                (one.cell, GateContrast(one, operations: header.cells[one.cell].operations_per_slice))
            }
            blocks.append(
                Block(
                    facts: block, cells: Dictionary(uniqueKeysWithValues: contrasts),
                    measurements: measurements))
            measurements = []
        } else if let count = line.instructions {
            instructions.append(count)
        } else if let end = line.end {
            self.end = end
        } else {
            return line.header == nil ? "neither measurement, block, instructions nor end" : "a second header"
        }
        return nil
    }
}

/// Why a recording cannot be used.
package struct GateRecordingFault: Error, Equatable {
    /// Counted from 1.
    package var line: Int
    package var reason: String
}
