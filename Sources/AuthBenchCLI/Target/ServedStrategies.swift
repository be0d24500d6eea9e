import AuthCore
import AuthHarness
import Backends
import Foundation

/// Strategies that run behind HTTP beside themselves: each in an `authbench serve` of its own, with stores of its own.
final class ServedStrategies {
    /// How long a server may take until it listens: PostgreSQL makes a cluster first.
    private static let patience_s = 60.0
    /// What the identifier of a strategy gets that is asked over HTTP.
    private static let setting = (name: "over", value: "http")

    /// Each strategy as its identifier over HTTP, where it listens, and how it is asked.
    private(set) var servers: [(id: String, url: String, contract: String)] = []
    private var processes: [ChildProcess] = []
    private let folder: TemporaryFolder
    private let cleanup = Cleanup()

    /// Starts the servers, one after the other.
    ///
    /// - Parameters:
    ///   - strategies: those without a credential are left out.
    ///   - workload: its name or file, whose policy the servers have.
    ///   - policy: that policy.
    ///   - claims: a file of claims; `nil` for none.
    /// - Throws: `CommandError` where one does not start, or a signal comes meanwhile.
    init(_ strategies: [StrategyChoice], workload: String, policy: Policy, claims: String?) throws {
        let interruption = Interruption(stop: StopFlag(), cleanup: cleanup)
        defer { interruption.end() }
        folder = try Stores.makeTemporaryFolder()
        cleanup.note { [folder] in $0.temporaries.append(folder) }
        do {
            for strategy in strategies where strategy.descriptor.transport != .none {
                try start(strategy, workload, policy, claims)
                if let signal = interruption.signal { throw CommandError.stopped(by: signal, in: nil) }
            }
        } catch {
            end()
            throw error
        }
    }

    deinit { end() }

    private func start(
        _ strategy: StrategyChoice, _ workload: String, _ policy: Policy, _ claims: String?
    ) throws {
        let descriptor = strategy.descriptor
        let errors = folder.url.appendingPathComponent("\(processes.count).log")
        let output = Pipe()
        guard FileManager.default.createFile(atPath: errors.path, contents: nil),
            let log = try? FileHandle(forWritingTo: errors)
        else { throw CommandError.runtime("\(errors.path) cannot be written") }
        let process: ChildProcess
        do throws(FileError) {
            process = try ChildProcess(
                PrivateAuthorityServer.thisProgram,
                ["serve", descriptor.id, "--port", "0", "--probes", "--workload", workload]
                    + (claims.map { ["--claims", $0] } ?? []),
                descriptors: [nil, output.fileHandleForWriting, log], farewell: SIGTERM)
        } catch { throw CommandError.runtime("\(descriptor.id) cannot be served: \(error)") }
        processes.append(process)
        try? output.fileHandleForWriting.close()
        var lines = LineReader(output.fileHandleForReading)
        guard let line = try? lines.next(patience_s: Self.patience_s) else {
            let reason = LastWords.reason(in: errors) ?? "it said nothing in \(Int(Self.patience_s)) s"
            throw CommandError.runtime("\(descriptor.id) cannot be served: \(reason)")
        }
        servers.append(
            (
                id: strategy.identifier(setting: Self.setting.name, to: Self.setting.value),
                url: String(decoding: line, as: UTF8.self),
                contract: ServedContract.text(of: strategy, under: policy, hasProbes: true)
            ))
    }

    /// Ends all of them, and waits until they are gone with what they have made.
    func end() {
        for process in processes { kill(process.id, SIGTERM) }
        for process in processes { process.end(within_s: 5) }
        processes = []
        _ = cleanup.clear()
    }
}

/// What `authbench serve` keeps to.
enum ServedContract {
    /// Of strategies whose credential is a bearer token.
    static let bearer = text(cookie: nil, hasRefreshToken: false, hasProbes: false, revocation: .atExpiry)

    /// - Parameters:
    ///   - choice: the strategy.
    ///   - policy: what holds for it, its own settings left out.
    ///   - hasProbes: whether the server issues what must be refused.
    /// - Returns: the contract as JSON.
    static func text(of choice: StrategyChoice, under policy: Policy, hasProbes: Bool) -> String {
        let (strategy, policy) = (choice.descriptor, choice.policy(policy))
        let promise: RevocationPromise = strategy.revocation == .immediate ? .immediate : .atExpiry
        let upkeep = choice.type.upkeep(under: policy)
        var lines = ["\"lifetime_seconds\": \(choice.type.lifetime(under: policy).longest_ms / 1000)"]
        switch upkeep {
        case .none: break
        case .signInForEachRequest: lines.append("\"single_use\": true")
        case .renewal(let after_ms): lines.append("\"renew_after_seconds\": \(after_ms / 1000)")
        }
        return text(
            cookie: strategy.transport == .cookie ? Cookie.name : nil,
            hasRefreshToken: strategy.id.hasPrefix("hybrid"), hasProbes: hasProbes, revocation: promise,
            times: lines)
    }

    private static func text(
        cookie: String?, hasRefreshToken: Bool, hasProbes: Bool, revocation: RevocationPromise,
        times: [String] = []
    ) -> String {
        let place = cookie.map { #"{"cookie": "\#($0)"}"# }
        var lines = [
            #""login": {"path": "/login", "body": "{\"user\": {{user}}}"}"#,
            #""credential": \#(place ?? #"{"json": "/access_token"}"#)"#,
            #""present": \#(place ?? #""bearer""#)"#,
            #""protected": {"path": "/resource"}"#,
            #""open": {"path": "/open"}"#,
            #""user": {"json": "/user"}"#,
            #""renew": {"path": "/renew", "body": "{\"refresh_token\": \"{{refresh}}\"}"}"#,
            #""logout": {"path": "/logout", "body": "{\"refresh_token\": \"{{refresh}}\"}"}"#,
            #""revocation": "\#(revocation.rawValue)""#,
        ]
        lines += times
        if hasRefreshToken { lines.append(#""refresh": {"json": "/refresh_token"}"#) }
        if hasProbes {
            lines += [
                #""aged": {"path": "/probe", "body": "{\"user\": {{user}}, \"age_ms\": {{age_ms}}}"}"#,
                #""flawed": {"path": "/probe", "body": "{\"user\": {{user}}, \"flaw\": \"{{flaw}}\"}"}"#,
            ]
        }
        return "{\n  " + lines.joined(separator: ",\n  ") + "\n}\n"
    }
}
