import ArgumentParser
import AuthCore
import AuthStrategies
import Backends

/// `authbench token make`: one token on stdout.
struct TokenMakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Prints one compact JWT, with the claims of RFC 9068 or of a profile.")

    @OptionGroup var options: TokenOptions

    @Option(
        help: ArgumentHelp(
            "In place of --key: makes a new key and writes it to this file, which must not exist.",
            valueName: "file"))
    var newKey: String?

    @Option(parsing: .unconditional, help: "The number of the user, below 2^48 (default: 1).")
    var subject: UInt64?

    @Option(help: "The scopes that are granted, with a space between (default: \(Policy().grantedScope)).")
    var scope: String?

    @Option(help: "Whose claims: \(ClaimProfile.allCases.map(\.rawValue).joined(separator: ", ")).")
    var profile = ClaimProfile.rfc9068

    func validate() throws {
        guard (options.key == nil) != (newKey == nil) else {
            throw ValidationError("give either --key or --new-key")
        }
        if let subject, subject >= 1 << 48 { throw ValidationError("--subject is \(subject): below 2^48") }
        let hasClaims = options.issuer != nil || options.audience != nil || options.lifetime != nil
        guard profile == .rfc9068 || !(hasClaims || options.keyID != nil || subject != nil || scope != nil)
        else {
            throw ValidationError("--profile \(profile.rawValue) has a header and claims of its own")
        }
    }

    func run() throws {
        let request: TokenTool.Request =
            profile == .rfc9068 ? .access(Subject(id: subject ?? 1)) : .specimen(profile)
        if let path = options.key {
            try make(request, with: try options.readKey(path, to: .sign))
        } else if let newKey {
            let file = try options.alg == .hs256 ? NewKey.secret() : NewKey.rsa()
            let key = try TokenKey.read(file, for: options.alg, to: .sign)
            let tool = try options.tool(keyID: nil, granting: scope)
            do { try KeyFile.create(newKey, file) } catch {
                throw Fault.badData("--new-key: the file \(error)")
            }
            try Console.output(try tool.make(request, with: key) + "\n")
        }
    }

    private func make(_ request: TokenTool.Request, with key: borrowing TokenKey) throws {
        let tool = try options.tool(keyID: key.keyID, granting: scope)
        try Console.output(try tool.make(request, with: key) + "\n")
    }
}

extension ClaimProfile: ExpressibleByArgument {}
