/// The instructions of one cell in a base and a head, and what may be said of the difference.
package struct InstructionCount: Codable, Sendable, Equatable {
    /// What counts as a change: a compiler's other choice of registers stays well below it.
    package static let tolerance_percent = 1.0

    package let cell: String
    package let operation: String
    /// Instructions for each operation; `nil` where only one of the programs has the cell.
    package let base: Double?
    package let head: Double?
    /// How often each side was counted.
    package let runs: Int
    /// Why there is nothing to compare; empty where there is.
    package let why: String

    package init(cell: String, operation: String, base: Double?, head: Double?, runs: Int, why: String = "") {
        self.cell = cell
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
            strategy: cell, workload: "instructions", operation: operation, clients: 1,
            metric: "instructions", base: base, head: head, change: change,
            n: change == nil ? nil : runs, mde: change == nil ? nil : Self.tolerance_percent / 100,
            verdict: verdict,
            why: why)
    }
}
