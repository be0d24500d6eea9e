import ArgumentParser
import AuthCore
import AuthStrategies
import Backends
import Foundation

/// Holds the options that `token make` and `token check` have in common.
struct TokenOptions: ParsableArguments {
    @Option(help: "The algorithm to use. What a token says about its own algorithm does not count.")
    var alg: AlgorithmName

    @Option(
        help: ArgumentHelp(
            "The file of the key, or a JWK Set. HS256 takes a JWK, or else all bytes; the others take PEM, DER or a JWK.",
            valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The kid in the token's header, and the key to take of a JWK Set (default: that of the JWK, else of the strategies).",
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
    func tool(
        keyID own: String?, granting scope: String? = nil, type: String? = nil,
        claims: OwnClaims? = nil, rules: TokenRules = TokenRules()
    ) throws -> TokenTool {
        if let own, let keyID, own != keyID {
            throw CommandError.badData("--key: the kid of the JWK differs from --key-id: remove --key-id")
        }
        var policy = Policy()
        policy.issuer = issuer ?? policy.issuer
        policy.audience = audience ?? policy.audience
        policy.grantedScope = scope ?? policy.grantedScope
        policy.claims = claims ?? policy.claims
        let now = now?.instant ?? Moment(Date()).instant
        do {
            return try TokenTool(
                policy: policy, keyID: keyID,
                lifetime_ms: lifetime.map { $0 * 1000 } ?? policy.lifetimes.token_ms,
                now: now, rules: rules, type: type ?? "at+jwt")
        } catch { throw CommandError.usage(error.description) }
    }

    /// Reads the keys, whose path is in no message, because somebody may give the key itself.
    func readKeys(_ path: String, to use: KeyUse) throws -> TokenKeys {
        do {
            return try TokenKeys.read(try KeyFile.read(path), for: alg, to: use, named: keyID)
        } catch { throw CommandError.badData("--key: the file \(error)") }
    }
}

extension AlgorithmName: ExpressibleByArgument {}
extension TokenRules.Shape: ExpressibleByArgument {}
extension TokenTypes: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
extension RequiredClaim: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

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
