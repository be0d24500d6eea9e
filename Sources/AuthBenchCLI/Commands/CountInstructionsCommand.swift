import ArgumentParser
import AuthGate

/// `authbench count-instructions` runs one case whose instructions Callgrind counts; the gate starts it.
struct CountInstructionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count-instructions",
        abstract:
            "Runs the operations of one case for Callgrind to count. Without a case, it lists the cases.",
        shouldDisplay: false)

    @Argument(help: "The name of the case.")
    var name: String?

    @Argument(help: "How many operations to run.")
    var operations: Int?

    func validate() throws {
        guard (name == nil) == (operations == nil), operations.map({ $0 > 0 }) ?? true else {
            throw ValidationError(
                "count-instructions takes a case and a number of operations above 0, or nothing")
        }
    }

    func run() throws {
        let cases = InstructionCase.all(of: Registry.strategies)
        guard let name, let operations else {
            let names = cases.map { InstructionAnswer.Case(name: $0.name, operation: $0.operation) }
            return try Console.output(try InstructionAnswer.line(InstructionAnswer.Cases(names)))
        }
        guard let chosen = cases.first(where: { $0.name == name }) else {
            throw CommandError.usage(
                "unknown case \"\(name)\": choose one of \(cases.map(\.name).joined(separator: ", "))")
        }
        let right = try chosen.run(operations)
        guard right == operations else {
            throw CommandError(
                status: ExitStatus.negative,
                message: "\(name) decided wrongly in \(operations - right) of \(operations) operations")
        }
        try Console.output(
            try InstructionAnswer.line(InstructionAnswer.Done(name, operations: operations)))
    }
}
