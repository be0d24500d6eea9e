import ArgumentParser

/// `authbench gate`: two builds measured side by side, and what follows.
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Tells whether a build authenticates slower than another.",
        subcommands: [GateRunCommand.self, GateSimulateCommand.self], defaultSubcommand: GateRunCommand.self)
}
