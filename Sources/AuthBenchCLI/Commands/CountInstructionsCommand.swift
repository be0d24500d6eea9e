import ArgumentParser

/// `authbench count-instructions`: one cell of the gate's instruction lane, run under Callgrind by the gate.
struct CountInstructionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count-instructions",
        abstract:
            "Does operations in one function that Callgrind can be told to count; without a cell, lists the cells.",
        shouldDisplay: false)

    @Argument(help: "The cell.")
    var cell: String?

    @Argument(help: "How many operations.")
    var operations: Int?

    func validate() throws {
        guard (cell == nil) == (operations == nil), operations.map({ $0 > 0 }) ?? true else {
            throw ValidationError("count-instructions takes a cell and a number of operations, or neither")
        }
    }

    func run() throws {
        let cells = InstructionCell.all
        guard let cell, let operations else {
            let names = cells.map { InstructionAnswer.Cell(name: $0.name, operation: $0.operation) }
            return try Console.output(try InstructionAnswer.line(InstructionAnswer.Cells(cells: names)))
        }
        guard let chosen = cells.first(where: { $0.name == cell }) else {
            throw Fault.usage("unknown cell \"\(cell)\": choose \(cells.map(\.name).joined(separator: ", "))")
        }
        let right = try chosen.run(operations)
        guard right == operations else {
            throw Fault(
                status: ExitStatus.negative,
                message: "\(cell) decided wrongly in \(operations - right) of \(operations) operations")
        }
        try Console.output(
            try InstructionAnswer.line(InstructionAnswer.Done(cell: cell, operations: operations)))
    }
}
