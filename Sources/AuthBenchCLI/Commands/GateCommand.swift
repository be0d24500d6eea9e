import ArgumentParser

/// `authbench gate`: whether one build is slower than another.
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Decides whether one build is slower than another.",
        subcommands: [GateSimulateCommand.self])
}
