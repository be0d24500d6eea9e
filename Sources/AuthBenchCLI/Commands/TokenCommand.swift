import ArgumentParser
import AuthConformance
import AuthCore
import AuthStrategies
import Backends
import Foundation

/// `authbench token`: single access tokens, made and checked as the JWT strategies do.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes and checks single tokens as the JWT strategies do.",
        subcommands: [TokenMakeCommand.self, TokenCheckCommand.self])
}

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
            profile == .rfc9068 ? .access(Subject(id: subject ?? 1)) : .sample(profile)
        if let path = options.key {
            try make(request, with: try options.readKey(path, to: .sign))
        } else if let newKey {
            let file = try options.alg == .hs256 ? NewKey.secret() : NewKey.rsa()
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

/// `authbench token check`: the decision on one token, with the reason and the claims.
struct TokenCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads one token on stdin, and prints the decision, the reason and the claims as JSON.")

    @OptionGroup var options: TokenOptions

    @Option(help: "The scope that the token must grant.")
    var scope = "read"

    func validate() throws {
        if options.key == nil { throw ValidationError("give --key") }
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

    /// All of stdin without the end of its line; no further than a token may be long.
    private func readLine() throws -> [UInt8] {
        let data: Data?
        do { data = try FileHandle.standardInput.read(upToCount: 16_384) } catch {
            throw CommandError.runtime("stdin cannot be read: \(error.reason)")
        }
        var line = Array(data ?? Data())
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { throw CommandError.usage("stdin is empty: give the token there") }
        return line
    }
}

extension TokenReport {
    /// One object; the claims stand in it to the letter.
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

/// The options that making and checking a token have in common.
struct TokenOptions: ParsableArguments {
    @Option(help: "The algorithm: HS256 or RS256. What a token says of itself does not count.")
    var alg: AlgorithmName

    @Option(
        help: ArgumentHelp(
            "The file of the key: its bytes as they are, all of them, or a JWK for HS256; PEM, DER or a JWK for RS256.",
            valueName: "file"))
    var key: String?

    @Option(help: "The kid of the token's header (default: that of the JWK, or of the strategies).")
    var keyID: String?

    @Option(help: "The issuer (default: \(Policy().issuer)).")
    var issuer: String?

    @Option(help: "The audience (default: \(Policy().audience)).")
    var audience: String?

    @Option(
        parsing: .unconditional,
        help: "How many seconds a token lives, or may live at most to be accepted (default: 3600).")
    var lifetime: Int64?

    @Option(
        parsing: .unconditional,
        help: "The time, in seconds since 1970 with up to three decimals (default: the system's clock).")
    var now: Moment?

    // Taken only to be refused without being repeated: it may be a token.
    @Argument(help: .hidden)
    var rest: [String] = []

    func validate() throws {
        guard rest.isEmpty else {
            throw ValidationError("only options are taken; authbench token check reads the token on stdin")
        }
        if let lifetime, !(1...31_536_000 ~= lifetime) {
            throw ValidationError("--lifetime is \(lifetime): from 1 to 31536000 seconds, a year")
        }
    }

    /// The tool with these options, and with this scope to be granted.
    func tool(keyID own: String?, granting scope: String? = nil) throws -> TokenTool {
        if let own, let keyID, own != keyID {
            throw CommandError.badData("--key: the JWK has another kid than --key-id")
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

    /// Reads the key; its path is not repeated, for the case that somebody gives the key itself.
    func readKey(_ path: String, to use: KeyUse) throws -> TokenKey {
        do {
            return try TokenKey.read(try KeyFile.read(path), for: alg, to: use)
        } catch { throw CommandError.badData("--key: the file \(error)") }
    }
}

extension AlgorithmName: ExpressibleByArgument {}

/// A moment to the millisecond, which is how far dates in tokens are read.
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
