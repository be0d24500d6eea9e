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
            It makes what the JWT strategies issue, and decides as they do unless options say otherwise.

            docs/tokens.md shows the options for tokens of Auth0, Cognito, Entra,
            Keycloak and Supabase.

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
        help: ArgumentHelp(
            "Whose token it is: the number of a user, below 2^48, or any other text (default: 1).",
            valueName: "subject"))
    var subject: String?

    @Option(help: ArgumentHelp("The typ in the token's header (default: at+jwt).", valueName: "type"))
    var typ: String?

    @Option(
        help: ArgumentHelp(
            "The scopes that the token grants, with spaces between (default: \(Policy().grantedScope)).",
            valueName: "scopes"))
    var scope: String?

    @OptionGroup var claims: ClaimsOption

    @Option(help: "The set of claims to write: what that kind of issuer puts into its tokens.")
    var profile = ClaimProfile.rfc9068

    func validate() throws {
        guard (options.key == nil) != (newKey == nil) else {
            throw ValidationError("name a key file: give either --key or --new-key")
        }
        if let subject {
            let isNumber = subject.utf8.allSatisfy { 0x30...0x39 ~= $0 }
            guard !isNumber || UInt64(subject).map({ $0 < 1 << 48 }) == true, !subject.hasPrefix("-") else {
                throw ValidationError(
                    "--subject is \(subject.printable): give a number below 2^48, or a text that begins with no -"
                )
            }
        }
        let hasClaims = options.issuer != nil || options.audience != nil || options.lifetime != nil
        guard
            profile == .rfc9068
                || !(hasClaims || options.keyID != nil || subject != nil || scope != nil || typ != nil
                    || claims.claims != nil)
        else {
            throw ValidationError(
                "--profile \(profile.rawValue) sets the header and all claims: remove the options that set them too"
            )
        }
    }

    func run() throws {
        let user = subject.map { UInt64($0) } ?? 1
        let access = user.map { TokenTool.Request.access(Subject(id: $0)) } ?? .named(subject ?? "")
        let request = profile == .rfc9068 ? access : .sample(profile)
        if let path = options.key {
            let keys = try options.readKeys(path, to: .sign)
            try make(request, with: try keys.key())
        } else if let newKey {
            let file = try options.alg.kind.map { try NewKey.pair(for: $0) } ?? NewKey.secret()
            let key = try TokenKey.read(file, for: options.alg, to: .sign)
            let tool = try options.tool(keyID: nil, granting: scope, type: typ, claims: try claims.read())
            let token = try make(request, by: tool, with: key)
            do { try KeyFile.create(newKey, file) } catch {
                throw CommandError.badData("--new-key: the file \(error)")
            }
            try Console.output(token + "\n")
        }
    }

    private func make(_ request: TokenTool.Request, with key: borrowing TokenKey) throws {
        let tool = try options.tool(keyID: key.keyID, granting: scope, type: typ, claims: try claims.read())
        try Console.output(try make(request, by: tool, with: key) + "\n")
    }

    private func make(
        _ request: TokenTool.Request, by tool: TokenTool, with key: borrowing TokenKey
    ) throws -> String {
        do { return try tool.make(request, with: key) } catch let fault as TokenTextError {
            throw CommandError.usage(fault.description)
        }
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

            A token must be what the JWT strategies issue: an access token of RFC
            9068. For other issuers, --rules jwt asks for less, and --typ, --require
            and --scope-claim say what is asked for instead.

            EXAMPLES:
              authbench token check --alg RS256 --key key.pem <token
              authbench token check --alg HS256 --key secret.key --scope write <token
              authbench token check --alg ES256 --key jwks.json --leeway 30s <token
            """)

    @OptionGroup var options: TokenOptions

    @Option(
        help: ArgumentHelp(
            "Which claims are asked for: those of RFC 9068, or iss, aud and exp of any JWT.",
            valueName: "rules"))
    var rules = TokenRules.Shape.rfc9068

    @Option(
        help: ArgumentHelp(
            "The typ that the header may have: types with commas between, absent among them, or any (default: at+jwt).",
            valueName: "types"))
    var typ: TokenTypes?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "By how much the issuer's clock may differ, such as 30s; at most 60s (default: 0).",
            valueName: "time"))
    var leeway: String?

    @Option(
        help: ArgumentHelp(
            "The scope that the token must grant (default: read; with --rules jwt, none).", valueName: "scope"
        ))
    var scope: String?

    @Option(
        help: ArgumentHelp(
            "The claim that says what is granted: a text with spaces, or with --rules jwt also a list (default: scope).",
            valueName: "claim"))
    var scopeClaim: String?

    @Option(
        help: ArgumentHelp(
            "A claim that the token must have, with this value or a list that has it; may be repeated.",
            valueName: "claim[=value]"))
    var require: [RequiredClaim] = []

    @Flag(help: "Does not ask for an audience: for issuers that write none.")
    var noAudience = false

    func validate() throws {
        if options.key == nil { throw ValidationError("--key is missing: name the file of the key") }
        if let leeway, leeway_ms == nil {
            throw ValidationError("--leeway is \(leeway.printable): give a time such as 30s, at most 60s")
        }
        if scopeClaim != nil, scope == nil, rules == .jwt {
            throw ValidationError("--scope-claim asks for nothing without --scope: give both")
        }
        guard rules == .jwt else {
            if noAudience { throw ValidationError("--no-audience needs --rules jwt: RFC 9068 asks for aud") }
            return
        }
        if options.issuer == nil {
            throw ValidationError("--rules jwt needs --issuer: say whose tokens are to be accepted")
        }
        if (options.audience == nil) != noAudience {
            throw ValidationError(
                "--rules jwt needs either --audience, or --no-audience where the issuer writes none")
        }
    }

    private var leeway_ms: Int64? {
        guard let leeway else { return 0 }
        return StrategyParameters.milliseconds(leeway).flatMap {
            $0 <= TokenRules.longestLeeway_ms ? $0 : nil
        }
    }

    private var tokenRules: TokenRules {
        var all = TokenRules()
        all.shape = rules
        all.types = typ ?? .accessToken
        all.leeway_ms = leeway_ms ?? 0
        all.asksForAudience = !noAudience
        all.scope = scope ?? (rules == .rfc9068 ? "read" : nil)
        all.scopeClaim = scopeClaim ?? "scope"
        all.required = require
        return all
    }

    func run() throws {
        let keys = try options.readKeys(options.key ?? "", to: .verify)
        let tool = try options.tool(keyID: keys.onlyKeyID, rules: tokenRules)
        let report = try tool.check(try readLine(), with: keys)
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
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        func text(_ value: String?) -> String {
            (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
        }
        let members = [
            ("decision", text(refusal == nil ? "accepted" : "refused")), ("reason", text(refusal?.name)),
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
