import ArgumentParser
import AuthCore
import AuthStrategies
import Backends
import Foundation

/// Holds the arguments that name servers to be measured over HTTP.
struct TargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A server to measure over HTTP, [NAME=]http://host:port or https://…, in the place of strategies. Repeat the option for several, which take turns.",
            valueName: "address"))
    var target: [String] = []

    @Flag(
        help: "Also measures each strategy over HTTP, behind an authbench serve that this starts and ends."
    )
    var overHttp = false

    @Option(
        help: ArgumentHelp(
            "How the servers are asked: a file as authbench contract --example prints. Give one for all, or one for each --target.",
            valueName: "file"))
    var contract: [String] = []

    @Option(
        help: ArgumentHelp(
            "The certificates (PEM) that https:// servers are verified by (default: the system's).",
            valueName: "file"))
    var ca: String?

    @Flag(help: "Takes any certificate of an https:// server; its rows say so.")
    var insecure = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Each client connects anew after so many requests to a server (default: as in the workload, or never).",
            valueName: "count"))
    var requestsPerConnection: Int?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A process of this machine that works for the servers, such as their database; its descendants count too. Repeat the option for several.",
            valueName: "process-id"))
    var serverProcess: [Int] = []

    /// The servers as strategies, the open route of the first as the baseline; empty where none is named.
    ///
    /// - Parameter workload: gets the option that is a key of it.
    func choices(_ workload: inout Workload) throws -> [StrategyChoice] {
        if let requestsPerConnection {
            workload.requestsPerConnection = requestsPerConnection
            do { try workload.validate() } catch { throw CommandError.usage(error.description) }
        }
        guard !overHttp || target.isEmpty else {
            throw CommandError.usage(
                "--over-http measures strategies of this program, and --target servers: give one")
        }
        guard !target.isEmpty else {
            try refuseOptionsWithoutTarget()
            return []
        }
        if let ca {
            guard !insecure else {
                throw CommandError.usage("--ca and --insecure contradict each other: give one")
            }
            do { _ = try InputFile.bytes(ca) } catch { throw CommandError.badData("--ca: \(error)") }
            do throws(HTTPError) { _ = try TLSTrust(authorities: ca) } catch {
                throw CommandError.badData("--ca \(ca): it has no certificate (PEM)")
            }
        }
        for process in serverProcess where kill(Int32(clamping: process), 0) != 0 && errno == ESRCH {
            throw CommandError.usage("--server-process \(process): there is no such process")
        }
        guard contract.count <= 1 || contract.count == target.count else {
            throw CommandError.usage(
                "--contract is given \(contract.count) times for \(target.count) targets: give one for all, or one for each"
            )
        }
        let contracts =
            try contract.isEmpty ? [try Contract(json: ServedContract.bearer)] : contract.map(Self.contract)
        var choices: [StrategyChoice] = []
        for (index, text) in target.enumerated() {
            let (name, url) = try Self.named(text, number: index + 1)
            let contract = contracts.count == 1 ? contracts[0] : contracts[index]
            if index == 0, contract.open != nil {
                choices.append(choice("open-route", url, contract, "open", workload))
            }
            choices.append(choice(name, url, contract, "protected", workload))
        }
        let names = choices.map(\.descriptor.id)
        guard Set(names).count == names.count else {
            throw CommandError.usage("two targets have one name: give each its own, NAME=http://host:port")
        }
        return choices
    }

    private func refuseOptionsWithoutTarget() throws {
        let given = [
            ("--contract", !contract.isEmpty), ("--ca", ca != nil), ("--insecure", insecure),
            ("--requests-per-connection", requestsPerConnection != nil && !overHttp),
            ("--server-process", !serverProcess.isEmpty),
        ]
        if let (option, _) = given.first(where: \.1) {
            throw CommandError.usage("\(option) is for a --target: name one")
        }
    }

    /// Served strategies, after the open route of the first.
    func choices(_ served: ServedStrategies, _ workload: Workload) throws -> [StrategyChoice] {
        let all = try served.servers.map {
            choice($0.id, $0.url, try Contract(json: $0.contract), "protected", workload)
        }
        guard let first = served.servers.first else { return [] }
        return [choice("open-route", first.url, try Contract(json: first.contract), "open", workload)] + all
    }

    private func choice(
        _ name: String, _ url: String, _ contract: Contract, _ route: String, _ workload: Workload
    ) -> StrategyChoice {
        var given = [
            ("url", url), ("route", route), ("contract", contract.text), ("users", String(workload.population)),
        ]
        var id = name
        if url.hasPrefix("https") {
            if let ca { given.append(("ca", ca)) }
            if insecure {
                given.append(("tls", "unverified"))
                id += "@tls=unverified"
            }
        }
        if let count = workload.requestsPerConnection { given.append(("requests", String(count))) }
        if !serverProcess.isEmpty {
            given.append(("processes", serverProcess.map { String($0) }.joined(separator: ",")))
        }
        return StrategyChoice(TargetStrategy.self, StrategyParameters(named: id, given))
    }

    /// Takes `NAME=http://host:port` apart.
    private static func named(_ text: String, number: Int) throws -> (String, String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let (name, url) =
            parts.count == 2 && !parts[0].contains("/") ? (parts[0], parts[1]) : ("target-\(number)", text)
        guard HTTPAddress(url: url) != nil else {
            throw CommandError.usage(
                "--target \(text.printable) is no address of a server: write http://host:port or https://host:port, with a name before it as NAME=http://host:port"
            )
        }
        guard !name.isEmpty,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        else {
            throw CommandError.usage("--target \(text.printable): a name has letters, digits, -, _ and .")
        }
        return (name, url)
    }

    /// Reads a contract.
    ///
    /// - Throws: `CommandError` in one line.
    static func contract(_ file: String) throws -> Contract {
        let bytes: [UInt8]
        do { bytes = try InputFile.bytes(file) } catch { throw CommandError.badData("\(error)") }
        var contract = try WorkloadSource.decode(Contract.self, bytes, from: file)
        contract.text = String(decoding: bytes, as: UTF8.self)
        return contract
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
