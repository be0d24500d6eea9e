import ArgumentParser
import AuthResults

/// `authbench schema`: the columns of the CSV files.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints what each column of the CSV files holds, as Markdown.")

    func run() throws { try Console.output(Schema.markdown) }
}
