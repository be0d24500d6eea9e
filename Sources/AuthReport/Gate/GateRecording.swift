import AuthCore

/// All that a gate has measured, line by line: the verdict is a function of it and of nothing else.
package struct GateRecording: Sendable {
    /// A block with what each side of each cell came to.
    struct Block: Sendable {
        var facts: GateBlock
        var cells: [Int: (base: GateSide, head: GateSide)]
        var slices: [GateSlice]
    }

    package let header: GateHeader
    private(set) var blocks: [Block] = []
    private(set) var instructions: [InstructionCount] = []
    package private(set) var end: GateEnd?
    private var slices: [GateSlice] = []
    private var histograms: [GateHistogram] = []

    package init(_ header: GateHeader) { self.header = header }

    /// Takes a whole recording.
    ///
    /// - Parameter lines: all of them, the header first.
    /// - Throws: `GateRecordingFault` for the first line that does not fit those before it.
    package init(_ lines: [GateLine]) throws(GateRecordingFault) {
        guard let header = lines.first?.header else {
            throw GateRecordingFault(line: 1, reason: "no header")
        }
        guard header.schema == GateHeader.currentSchema else {
            throw GateRecordingFault(
                line: 1, reason: "schema \(header.schema), where \(GateHeader.currentSchema) is read")
        }
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
        if let slice = line.slice {
            guard header.cells.indices.contains(slice.cell) else { return "a slice of an unknown cell" }
            guard slice.operations == header.cells[slice.cell].operations_per_slice, slice.wall_ns > 0 else {
                return "a slice that is not as long as the header says"
            }
            slices.append(slice)
        } else if let histogram = line.histogram {
            guard header.cells.indices.contains(histogram.cell) else { return "a histogram of an unknown cell" }
            histograms.append(histogram)
        } else if let block = line.block {
            guard block.block == blocks.count + 1 else { return "block \(block.block) after \(blocks.count)" }
            guard 1...header.rules.blocks.count ~= block.stage else { return "stage \(block.stage)" }
            guard let cells = sides(), !cells.isEmpty else { return "a block whose slices do not match" }
            blocks.append(Block(facts: block, cells: cells, slices: slices))
            (slices, histograms) = ([], [])
        } else if let count = line.instructions {
            instructions.append(count)
        } else if let end = line.end {
            self.end = end
        } else {
            return line.header == nil ? "neither slice, histogram, block, instructions nor end" : "a second header"
        }
        return nil
    }

    /// What the slices of a block come to; `nil` where the two sides did not do the same.
    private func sides() -> [Int: (base: GateSide, head: GateSide)]? {
        var cells: [Int: (base: GateSide, head: GateSide)] = [:]
        for cell in Set(slices.map(\.cell)) {
            guard let base = side(.base, of: cell), let head = side(.head, of: cell) else { return nil }
            cells[cell] = (base, head)
        }
        return histograms.count == 2 * cells.count ? cells : nil
    }

    private func side(_ side: GateRole, of cell: Int) -> GateSide? {
        let own = slices.filter { $0.cell == cell && $0.side == side }
        guard own.count == 2 * header.quads,
            let histogram = histograms.first(where: { $0.cell == cell && $0.side == side })?.histogram,
            histogram.count == UInt64(own.count * header.cells[cell].operations_per_slice)
        else { return nil }
        return GateSide(own, service: histogram)
    }
}

/// Why a recording cannot be used.
package struct GateRecordingFault: Error, Equatable {
    /// Counted from 1.
    package var line: Int
    package var reason: String
}

extension GateHistogram {
    package init(cell: Int, side: GateRole, _ histogram: LatencyHistogram) {
        self.init(
            cell: cell, side: side, buckets: histogram.buckets.flatMap { [UInt64($0.index), $0.count] })
    }

    /// `nil` where the numbers are none of a histogram.
    var histogram: LatencyHistogram? {
        guard buckets.count.isMultiple(of: 2) else { return nil }
        var own: [LatencyHistogram.Bucket] = []
        for position in stride(from: 0, to: buckets.count, by: 2) {
            guard buckets[position] < UInt64(BucketLayout.count), buckets[position + 1] < 1 << 40 else { return nil }
            let index = Int(buckets[position])
            if let last = own.last, last.index >= index { return nil }
            own.append(.init(index: index, count: buckets[position + 1]))
        }
        return LatencyHistogram(own)
    }
}
