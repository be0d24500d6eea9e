import ArgumentParser

/// `authbench token`: single access tokens, made and checked as the JWT strategies do.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes and checks single tokens as the JWT strategies do.",
        subcommands: [TokenMakeCommand.self, TokenCheckCommand.self])
}
