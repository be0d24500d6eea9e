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

    /// The servers as strategies.
    ///
    /// - Parameters:
    ///   - workload: gets the option that is a key of it.
    ///   - timeout_ms: how long an answer may take; `nil` for as long as in a run.
    /// - Returns: the open route of the first as the baseline, then all; none where none is named.
    /// - Throws: `CommandError`.
    func choices(_ workload: inout Workload, timeout_ms: Int? = nil) throws -> [StrategyChoice] {
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
                choices.append(choice("open-route", url, contract, "open", workload, timeout_ms))
            }
            choices.append(choice(name, url, contract, "protected", workload, timeout_ms))
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
        _ name: String, _ url: String, _ contract: Contract, _ route: String, _ workload: Workload,
        _ timeout_ms: Int? = nil
    ) -> StrategyChoice {
        var given = [("url", url), ("route", route), ("contract", contract.text)]
        var id = name
        if url.hasPrefix("https") {
            if let ca { given.append(("ca", ca)) }
            if insecure {
                given.append(("tls", "unverified"))
                id += "@tls=unverified"
            }
        }
        if let timeout_ms { given.append(("timeout_ms", String(timeout_ms))) }
        if let count = workload.requestsPerConnection { given.append(("requests", String(count))) }
        if !serverProcess.isEmpty {
            given.append(("processes", serverProcess.map { String($0) }.joined(separator: ",")))
        }
        return StrategyChoice(TargetStrategy.self, StrategyParameters(named: id, given))
    }

    /// The contract of the first server; `nil` where none is named.
    func firstContract() throws -> Contract? {
        guard !target.isEmpty else { return nil }
        return try contract.first.map(Self.contract) ?? Contract(json: ServedContract.bearer)
    }

    /// Takes `NAME=http://host:port` apart.
    static func named(_ text: String, number: Int) throws -> (String, String) {
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
