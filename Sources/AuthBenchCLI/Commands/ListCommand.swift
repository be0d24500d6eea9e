import ArgumentParser
import AuthResults

/// `authbench list`: the strategies and workloads that the program knows.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the strategies and the built-in workloads.")

    @Option(help: "How to print: table or json.")
    var format = Format.table

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    func run() throws {
        let strategies = Registry.strategies.map { $0.descriptor }
        let workloads = try WorkloadSource.names.map(WorkloadSource.load)
        switch format {
        case .table:
            let lines =
                ["Strategies (--strategy ID)"] + strategies.map { "  " + padded($0.id) + $0.title }
                + ["", "Workloads (authbench run NAME)"]
                + workloads.map { "  " + padded($0.name) + $0.summary }
            try Console.output(lines.joined(separator: "\n") + "\n")
        case .json:
            let columns: [Column<(kind: String, id: String, text: String)>] = [
                Column(printed: "kind") { .text($0.kind) }, Column(printed: "id") { .text($0.id) },
                Column(printed: "summary") { .text($0.text) },
            ]
            let rows =
                strategies.map { ("strategy", $0.id, $0.title) }
                + workloads.map { ("workload", $0.name, $0.summary) }
            try Console.output(try JSONRows.text(columns, rows))
        }
    }

    private func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(1, 16 - name.count))
    }
}
