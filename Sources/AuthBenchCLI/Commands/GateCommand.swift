import ArgumentParser

/// `authbench gate`: two builds measured side by side, and what follows.
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Tells whether a build authenticates slower than another.",
        usage: """
            authbench gate --base PROGRAM --head PROGRAM [options]
            authbench gate --replay RECORDING [options]
            authbench gate simulate [options]
            """,
        discussion: """
            Exits with 0 when the head is proved not to be slower, 1 for a proved slow-down, 2 for an error or a wrong \
            decision, 3 when neither is proved, 4 when the programs make different traces, 5 when they have no \
            strategy in common. All options: authbench help gate run.
            """,
        subcommands: [GateRunCommand.self, GateSimulateCommand.self], defaultSubcommand: GateRunCommand.self)
}
