import AuthReport
import Foundation

/// Compares how many instructions two programs take for the same work: no noise, and so 1 % shows.
///
/// What it is blind to: time in the kernel, locks, cache misses and branches, and the instructions that Valgrind hides from
/// the programs (SHA extensions, ADX, AVX-512): OpenSSL takes its AVX2 code there, so a change of what is hidden is not
/// seen. It stands beside the lane of times and replaces nothing.
struct InstructionLane {
    /// A multiple of 100, so that each per cent of a defect is there in whole operations.
    static let operations = 400

    let counter: any InstructionCounter
    /// The strategies to count, by their identifiers; all cells when empty.
    var strategies: Set<String> = []

    /// Counts the cells that both programs have, and those again that take more in the head.
    ///
    /// - Parameters:
    ///   - base: the program that is good enough.
    ///   - head: the program that must not be worse.
    ///   - progress: gets each cell's name before it is counted.
    /// - Returns: a count for each cell of either program, in the order of the head.
    /// - Throws: `Fault` when a program does not run, decides wrongly or does not know the protocol.
    func measure(base: URL, head: URL, progress: (String) -> Void) throws -> [InstructionCount] {
        let (before, after) = (try cells(of: base), try cells(of: head))
        let gone = before.filter { !after.contains($0) }
        return try after.map { cell in
            guard before.contains(cell) else { return unpaired(cell, isNew: true) }
            progress(cell.name)
            let first = try count(cell, base, head, runs: 1)
            guard first.isMore else { return first }
            progress("\(cell.name), once more")
            return try count(cell, base, head, runs: 2)
        } + gone.map { unpaired($0, isNew: false) }
    }

    private func cells(of program: URL) throws -> [InstructionAnswer.Cell] {
        try counter.cells(of: program).filter { strategies.isEmpty || strategies.contains($0.name) }
    }

    private func count(
        _ cell: InstructionAnswer.Cell, _ base: URL, _ head: URL, runs: Int
    ) throws -> InstructionCount {
        let (base, head) = try counter.instructions(cell.name, Self.operations, base: base, head: head)
        func perOperation(_ count: UInt64) -> Double { Double(count) / Double(Self.operations) }
        return InstructionCount(
            cell: cell.name, operation: cell.operation, base: perOperation(base), head: perOperation(head),
            runs: runs)
    }

    private func unpaired(_ cell: InstructionAnswer.Cell, isNew: Bool) -> InstructionCount {
        InstructionCount(
            cell: cell.name, operation: cell.operation, base: nil, head: nil, runs: 0,
            why: isNew ? "new: the base has no such cell" : "gone: the head has no such cell")
    }
}

/// Counts the instructions of programs; the tests have one without programs.
protocol InstructionCounter {
    func cells(of program: URL) throws -> [InstructionAnswer.Cell]

    /// Counts what a number of operations takes in each of two programs.
    func instructions(
        _ cell: String, _ operations: Int, base: URL, head: URL
    ) throws -> (base: UInt64, head: UInt64)
}
