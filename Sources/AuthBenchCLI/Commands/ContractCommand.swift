import ArgumentParser
import AuthStrategies
import Foundation

/// `authbench contract` prints or checks what `run --target` must know of a server.
struct ContractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contract",
        abstract: "Shows or checks how a server of yours is asked over HTTP.",
        discussion: """
            A contract says how a user signs in, where the credential is in the answer, how requests show it, and what \
            the statuses of answers mean. Keys that begin with // are remarks.

            EXAMPLES:
              authbench contract --example >contract.json
              authbench contract contract.json
            """)

    @Argument(help: "A contract to check.")
    var file: String?

    @Flag(help: "Prints the contract of authbench serve hybrid, with a remark on every key.")
    var example = false

    func validate() throws {
        guard example != (file != nil) else {
            throw ValidationError("give a file to check, or --example")
        }
    }

    func run() throws {
        guard let file else { return try Console.output(Contract.example) }
        _ = try TargetOptions.contract(file)
        try Console.output("\(file): sound\n")
    }
}
