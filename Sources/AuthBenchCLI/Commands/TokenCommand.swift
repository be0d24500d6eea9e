import ArgumentParser
import AuthConformance
import AuthCore
import AuthStrategies
import Backends
import Foundation

/// `authbench token` makes and checks single access tokens as the JWT strategies do.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes one token, or tells why a token is refused.",
        discussion: """
            It decides exactly as the JWT strategies do.

            EXAMPLES:
              authbench token make --alg RS256 --new-key key.pem >token
              authbench token check --alg RS256 --key key.pem <token
            """,
        subcommands: [TokenMakeCommand.self, TokenCheckCommand.self])
}

/// `authbench token make` prints one token on stdout.
struct TokenMakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Prints one compact JWT, with the claims of RFC 9068 or of a profile.",
        discussion: """
            EXAMPLES:
              authbench token make --alg RS256 --new-key key.pem >token
              authbench token make --alg HS256 --new-key secret.key --profile keycloak
            """)

    @OptionGroup var options: TokenOptions

    @Option(
        help: ArgumentHelp(
            "Makes a new key instead of reading --key, and writes it to this file, which must not exist.",
            valueName: "file"))
    var newKey: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The number of the user, below 2^48 (default: 1).", valueName: "number"))
    var subject: UInt64?

    @Option(
        help: ArgumentHelp(
            "The scopes that the token grants, with spaces between (default: \(Policy().grantedScope)).",
            valueName: "scopes"))
    var scope: String?

    @Option(help: "The set of claims to write: what that kind of issuer puts into its tokens.")
    var profile = ClaimProfile.rfc9068

    func validate() throws {
        guard (options.key == nil) != (newKey == nil) else {
            throw ValidationError("name a key file: give either --key or --new-key")
        }
        if let subject, subject >= 1 << 48 {
            throw ValidationError("--subject is \(subject): give a number below 2^48")
        }
        let hasClaims = options.issuer != nil || options.audience != nil || options.lifetime != nil
        guard profile == .rfc9068 || !(hasClaims || options.keyID != nil || subject != nil || scope != nil)
        else {
            throw ValidationError(
                "--profile \(profile.rawValue) sets the header and all claims: remove the options that set them too"
            )
        }
    }

    func run() throws {
        let request: TokenTool.Request =
            profile == .rfc9068 ? .access(Subject(id: subject ?? 1)) : .sample(profile)
        if let path = options.key {
            try make(request, with: try options.readKey(path, to: .sign))
        } else if let newKey {
            let file = try options.alg.kind.map { try NewKey.pair(for: $0) } ?? NewKey.secret()
            let key = try TokenKey.read(file, for: options.alg, to: .sign)
            let tool = try options.tool(keyID: nil, granting: scope)
            do { try KeyFile.create(newKey, file) } catch {
                throw CommandError.badData("--new-key: the file \(error)")
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

/// `authbench token check` prints the decision on one token, with the reason and the claims.
struct TokenCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Tells whether the token on stdin is accepted, and why not, with its claims as JSON.",
        discussion: """
            The exit status is 0 for an accepted token and 1 for a refused one.

            EXAMPLES:
              authbench token check --alg RS256 --key key.pem <token
              authbench token check --alg HS256 --key secret.key --scope write <token
            """)

    @OptionGroup var options: TokenOptions

    @Option(help: "The scope that the token must grant.")
    var scope = "read"

    func validate() throws {
        if options.key == nil { throw ValidationError("--key is missing: name the file of the key") }
    }

    func run() throws {
        let key = try options.readKey(options.key ?? "", to: .verify)
        let tool = try options.tool(keyID: key.keyID)
        let token = try readLine()
        let report: TokenReport
        do { report = try tool.check(token, requiring: scope, with: key) } catch let fault as TokenTextError {
            throw CommandError.usage(fault.description)
        }
        try Console.output(report.json + "\n")
        if report.refusal != nil { throw ExitCode(ExitStatus.negative) }
    }

    /// Reads stdin without its line end, and no further than a token may be long.
    private func readLine() throws -> [UInt8] {
        let data: Data?
        do { data = try FileHandle.standardInput.read(upToCount: 16_384) } catch {
            throw CommandError.runtime("stdin cannot be read: \(error.reason)")
        }
        var line = Array(data ?? Data())
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { throw CommandError.usage("stdin is empty: give the token on stdin") }
        return line
    }
}

extension TokenReport {
    /// The report as one JSON object, with the claims exactly as the token has them.
    fileprivate var json: String {
        func text(_ value: String?) -> String { value.map { "\"\($0)\"" } ?? "null" }
        let members = [
            ("decision", refusal == nil ? "\"accepted\"" : "\"refused\""), ("reason", text(refusal?.name)),
            ("detail", text(detail)), ("subject", subject ?? "null"), ("claims", claims ?? "null"),
        ]
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
}

extension Refusal {
    fileprivate var name: String {
        switch self {
        case .malformed: "malformed"
        case .unknown: "unknown"
        case .expired: "expired"
        case .badSignature: "bad_signature"
        case .wrongClaims: "wrong_claims"
        case .insufficientScope: "insufficient_scope"
        case .reused: "reused"
        }
    }
}

/// Holds the options that `token make` and `token check` have in common.
struct TokenOptions: ParsableArguments {
    @Option(help: "The algorithm to use. What a token says about its own algorithm does not count.")
    var alg: AlgorithmName

    @Option(
        help: ArgumentHelp(
            "The file of the key. HS256 takes a JWK, or else all bytes of the file; the others take PEM, DER or a JWK.",
            valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The kid in the token's header (default: the kid of the JWK, else that of the strategies).",
            valueName: "kid"))
    var keyID: String?

    @Option(help: ArgumentHelp("The issuer (default: \(Policy().issuer)).", valueName: "url"))
    var issuer: String?

    @Option(help: ArgumentHelp("The audience (default: \(Policy().audience)).", valueName: "url"))
    var audience: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a made token lives, and how long a checked one may live at most (default: 3600).",
            valueName: "seconds"))
    var lifetime: Int64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The time to use as now: seconds since 1970, with up to three decimals (default: the clock).",
            valueName: "seconds"))
    var now: Moment?

    // These are read only to be refused without being repeated: one may be a token.
    @Argument(help: .hidden)
    var rest: [String] = []

    func validate() throws {
        guard rest.isEmpty else {
            throw ValidationError("this command takes only options: give the token on stdin")
        }
        if let lifetime, !(1...31_536_000 ~= lifetime) {
            throw ValidationError("--lifetime is \(lifetime): give 1 to 31536000 seconds, which is a year")
        }
    }

    /// Makes the tool with these options and the scope that it grants.
    func tool(keyID own: String?, granting scope: String? = nil) throws -> TokenTool {
        if let own, let keyID, own != keyID {
            throw CommandError.badData("--key: the kid of the JWK differs from --key-id: remove --key-id")
        }
        var policy = Policy()
        policy.issuer = issuer ?? policy.issuer
        policy.audience = audience ?? policy.audience
        policy.grantedScope = scope ?? policy.grantedScope
        let now = now?.instant ?? Moment(Date()).instant
        do {
            return try TokenTool(
                policy: policy, keyID: keyID ?? own,
                lifetime_ms: lifetime.map { $0 * 1000 } ?? policy.lifetimes.token_ms,
                now: now)
        } catch { throw CommandError.usage(error.description) }
    }

    /// Reads the key, whose path is in no message, because somebody may give the key itself.
    func readKey(_ path: String, to use: KeyUse) throws -> TokenKey {
        do {
            return try TokenKey.read(try KeyFile.read(path), for: alg, to: use)
        } catch { throw CommandError.badData("--key: the file \(error)") }
    }
}

extension AlgorithmName: ExpressibleByArgument {}

/// A moment to the millisecond, the precision with which dates in tokens are read.
struct Moment: ExpressibleByArgument {
    let instant: Instant

    init(_ date: Date) {
        instant = Instant(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// Takes seconds since 1970 with up to three decimals, until the end of the year 9999.
    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? String(parts[1]) : "000"
        let areDigits = (parts + [decimals[...]]).allSatisfy { $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
        guard 1...2 ~= parts.count, 1...3 ~= decimals.utf8.count, areDigits, let seconds = Int64(parts[0]),
            seconds <= 253_402_300_799,
            let thousandths = Int64(decimals + String(repeating: "0", count: 3 - decimals.utf8.count))
        else { return nil }
        instant = Instant(milliseconds: seconds * 1000 + thousandths)
    }
}
