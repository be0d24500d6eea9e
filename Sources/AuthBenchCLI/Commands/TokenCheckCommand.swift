import ArgumentParser
import AuthCore
import AuthStrategies
import Foundation

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
        do { report = try tool.check(token, requiring: scope, with: key) } catch let fault as TokenTextFault {
            throw Fault.usage(fault.description)
        }
        try Console.output(report.json + "\n")
        if report.refusal != nil { throw ExitCode(ExitStatus.negative) }
    }

    /// All of stdin without the end of its line; no further than a token may be long.
    private func readLine() throws -> [UInt8] {
        let data: Data?
        do { data = try FileHandle.standardInput.read(upToCount: 16_384) } catch {
            throw Fault.runtime("stdin cannot be read: \(error.reason)")
        }
        var line = Array(data ?? Data())
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { throw Fault.usage("stdin is empty: give the token there") }
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
