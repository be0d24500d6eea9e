import ArgumentParser
import AuthResults

/// `authbench schema` prints the columns of the CSV files.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Explains every column of the CSV files, as Markdown.",
        discussion: """
            EXAMPLES:
              authbench schema
              authbench schema >SCHEMA.md
            """)

    func run() throws { try Console.output(Schema.markdown) }
}
