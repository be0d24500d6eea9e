import ArgumentParser
import AuthCore
import AuthResults

/// `authbench list` prints the strategies and workloads that the program knows.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the strategies and workloads that you can choose.",
        discussion: """
            EXAMPLES:
              authbench list
              authbench list --format json
            """)

    @Option(help: "How the list is printed on stdout.")
    var format = Format.table

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    func run() throws {
        let strategies = Registry.strategies.map { $0.descriptor }
        let workloads = try WorkloadSource.names.map(WorkloadSource.load)
        switch format {
        case .table:
            var lines = ["Strategies: authbench run --strategy NAME measures only this one."]
            for strategy in strategies {
                lines.append(line(strategy.id, strategy.title))
                for one in strategy.parameters {
                    lines.append(line("  @\(one.name)=\(one.standard)", "\(one.meaning): \(one.values)"))
                }
            }
            let sets = StrategySet.allCases.map(\.rawValue).joined(separator: ", ")
            lines += ["", "Sets of them: \(sets). The card is what is measured where you name nothing.", ""]
            lines.append("Workloads: authbench run NAME measures with these requests.")
            lines += workloads.map { line($0.name, $0.summary) }
            try Console.output(lines.joined(separator: "\n") + "\n")
        case .json:
            let columns: [Column<(kind: String, id: String, text: String, parameters: [StrategyParameter])>] =
                [
                    Column(printed: "kind") { .text($0.kind) }, Column(printed: "id") { .text($0.id) },
                    Column(printed: "summary") { .text($0.text) },
                    Column(printed: "parameters") {
                        .text($0.parameters.map { "\($0.name)=\($0.standard)" }.joined(separator: ","))
                    },
                ]
            let rows =
                strategies.map { ("strategy", $0.id, $0.title, $0.parameters) }
                + workloads.map { ("workload", $0.name, $0.summary, []) }
            try Console.output(try JSONRows.text(columns, rows))
        }
    }

    /// Puts a name beside its text, which breaks into lines of the terminal's width.
    private func line(_ name: String, _ text: String) -> String {
        var lines = ["  " + name + String(repeating: " ", count: max(1, 16 - name.count))]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.count + word.count >= Console.outputColumns ?? .max, last.contains(where: { $0 != " " }) {
                lines.append(String(repeating: " ", count: 18) + word)
            } else {
                lines[lines.count - 1] = last + (last.hasSuffix(" ") ? "" : " ") + word
            }
        }
        return lines.joined(separator: "\n")
    }
}
