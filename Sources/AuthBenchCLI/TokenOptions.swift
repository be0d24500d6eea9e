import ArgumentParser
import AuthCore
import AuthStrategies
import Backends
import Foundation

/// The options that making and checking a token have in common.
struct TokenOptions: ParsableArguments {
    @Option(help: "The algorithm: HS256 or RS256. What a token says of itself does not count.")
    var alg: TokenAlgorithm

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
            throw Fault.badData("--key: the JWK has another kid than --key-id")
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
        } catch { throw Fault.usage(error.description) }
    }

    /// Reads the key; its path is not repeated, for the case that somebody gives the key itself.
    func readKey(_ path: String, to use: KeyUse) throws -> TokenKey {
        do {
            return try TokenKey.read(try KeyFile.read(path), for: alg, to: use)
        } catch { throw Fault.badData("--key: the file \(error)") }
    }
}

extension TokenAlgorithm: ExpressibleByArgument {}

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
