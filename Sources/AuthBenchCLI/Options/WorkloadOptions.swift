import ArgumentParser
import AuthConformance
import AuthCore
import AuthHarness
import AuthText
import Backends
import BuiltinWorkloads
import Foundation

/// Holds the arguments that choose the workload and override parts of it.
struct WorkloadOptions: ParsableArguments {
    @Argument(help: "A built-in workload (authbench list shows them), or the path of a .json file.")
    var workload = "mixed"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many clients send requests at the same time, from 1 to \(Run.maximumClients) (default: as in the workload).",
            valueName: "count"))
    var clients: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many sessions exist before the clock starts (default: as in the workload).",
            valueName: "count"))
    var population: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Decides the requests and the order of the strategies; 0 or above. The same seed gives the same requests.",
            valueName: "number"))
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Sends this many requests per second, even while earlier ones wait, as real users do. Without it, each client waits for its answer before it sends again.",
            valueName: "per-second"))
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "How the requests of --rate are spaced: at random (poisson, the default) or evenly (constant).",
            valueName: "process"))
    var arrival: Arrival.Process?

    @OptionGroup var claims: ClaimsOption

    /// Reads the workload and applies the options.
    func resolve() throws -> Workload {
        var resolved = try WorkloadSource.load(workload)
        try check(resolved.clients, for: "clients of \(workload)", as: CommandError.badData)
        if let clients {
            try check(clients, for: "--clients", as: CommandError.usage)
            resolved.clients = clients
        }
        resolved.population = population ?? resolved.population
        resolved.seed = seed ?? resolved.seed
        resolved.arrival = try arrival(of: resolved)
        resolved.policy.claims = try claims.read() ?? resolved.policy.claims
        do { try resolved.validate() } catch {
            throw CommandError.usage(error.description)
        }
        return resolved
    }

    private func arrival(of workload: Workload) throws -> Arrival {
        var process = Arrival.Process.poisson
        if case .open(let own, _) = workload.arrival { process = own }
        guard let rate = rate ?? workload.arrival.rate else {
            if arrival != nil { throw CommandError.usage("--arrival needs a rate of requests: add --rate") }
            return .closed
        }
        guard Arrival.rates.contains(rate) else {
            throw CommandError.usage("--rate is \(rate): give 0.01 to 100000000 per second")
        }
        return .open(arrival ?? process, rate: rate)
    }

    private func check(_ clients: Int, for name: String, as fault: (String) -> CommandError) throws {
        guard 1...Run.maximumClients ~= clients else {
            throw fault(
                "\(name) is \(clients): give 1 to \(Run.maximumClients), because each of them is a thread"
            )
        }
    }
}

extension Arrival.Process: ExpressibleByArgument {}

/// Names a file of claims for all tokens that are issued.
struct ClaimsOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A JSON file with an object of claims of your own, which every token has besides (default: none).",
            valueName: "file"))
    var claims: String?

    /// Reads the file; `nil` where none is named.
    func read() throws -> OwnClaims? {
        guard let claims else { return nil }
        let bytes: [UInt8]
        do { bytes = try InputFile.bytes(claims) } catch { throw CommandError.badData("\(error)") }
        return try WorkloadSource.decode(OwnClaims.self, bytes, from: claims)
    }
}

/// Finds and reads workloads: those inside the program by name, others by the path of their file.
enum WorkloadSource {
    static var names: [String] { BuiltinWorkloads.all.map(\.name) }

    /// Reads a built-in workload by its name, or a file by its path, which must have a slash or end in
    /// `.json`.
    static func load(_ name: String) throws -> Workload {
        if let builtin = BuiltinWorkloads.all.first(where: { $0.name == name }) {
            return try decode(builtin.json, from: name)
        }
        guard name.contains("/") || name.hasSuffix(".json") else {
            throw CommandError.usage(
                "unknown workload \"\(name)\": choose one of \(names.joined(separator: ", ")), or name a .json file"
            )
        }
        let bytes: [UInt8]
        do { bytes = try InputFile.bytes(name) } catch { throw CommandError.badData("\(error)") }
        return try decode(bytes, from: name)
    }

    /// Decodes a workload, after a strict check: Foundation's decoder takes duplicates and trailing commas.
    static func decode(_ json: [UInt8], from name: String) throws -> Workload {
        try decode(Workload.self, json, from: name)
    }

    static func decode<Value: Decodable>(
        _: Value.Type, _ json: [UInt8], from name: String
    ) throws -> Value {
        do {
            try JSONReader.readObject(json.span) { (_, reader) throws(JSONError) in
                try reader.skipValue(json.span)
            }
            return try JSONDecoder().decode(Value.self, from: Data(json))
        } catch let fault as JSONError {
            throw CommandError.badData("\(name): \(describe(fault, in: json))")
        } catch let fault as WorkloadError {
            throw CommandError.badData("\(name): \(fault)")
        } catch let error as DecodingError {
            throw CommandError.badData("\(name): \(describe(error))")
        }
    }

    private static func describe(_ fault: JSONError, in json: [UInt8]) -> String {
        switch fault {
        case .encoding: "the file is not UTF-8, or has a byte order mark: save it as plain UTF-8"
        case .syntax(let offset): "the text is not JSON at \(place(offset, in: json))"
        case .duplicateName(let offset):
            "one object has a name twice, the second time at \(place(offset, in: json))"
        case .tooDeep: "the JSON is nested deeper than \(JSONLimits.depth) levels"
        case .tooManyMembers: "an object has more than \(JSONLimits.members) members"
        }
    }

    private static func place(_ offset: Int, in json: [UInt8]) -> String {
        let before = json.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = offset - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
        return "line \(line), column \(column)"
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing: add it"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            "\(path(context.codingPath)) has a value of another type: give \(name(of: type))"
        case .dataCorrupted(let context): "\(path(context.codingPath)): \(why(context))"
        @unknown default: "\(error)"
        }
    }

    /// Says why a value is refused: the text is known to be JSON here, so only a number can still be wrong.
    private static func why(_ context: DecodingError.Context) -> String {
        let choices = ["skew": "uniform or zipfian", "process": "poisson or constant"]
        if let known = context.codingPath.last.flatMap({ choices[$0.stringValue] }) {
            return "the value is unknown: give \(known)"
        }
        guard context.codingPath.isEmpty else { return context.debugDescription }
        return "a number does not fit its key: clients, population, seed and lifetimes are whole numbers"
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Double.Type: "a number"
        case is any BinaryInteger.Type: "a whole number"
        default: "an object with the keys that docs/workloads.md explains"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the workload" : keys.map(\.stringValue).joined(separator: ".")
    }
}

/// Holds the arguments that choose strategies.
struct StrategyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A strategy to use: its name, the beginning of it, or a set: card, sessions, tokens, revocable, all. NAME@PARAMETER=VALUE sets one of its parameters, which authbench list shows. Repeat the option for several (default: card).",
            valueName: "name"))
    var strategy: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Has a new key sign so often, on the clock of the trace: the same as @rotate of each strategy that has it (default: one key for a run).",
            valueName: "time"))
    var rotateKeysEvery: String?

    /// Returns the named strategies in the registry's order, or those of the card when none is named.
    ///
    /// A name may be shortened to a beginning that fits one strategy only.
    func selected(from strategies: StrategyRegistry = Registry.strategies) throws -> [StrategyChoice] {
        let chosen = try StrategyChoice.named(strategy, among: strategies)
        guard let rotateKeysEvery else { return chosen }
        let parameter = StrategyParameter.rotation().name
        guard let time_ms = StrategyParameters.milliseconds(rotateKeysEvery), time_ms > 0 else {
            throw CommandError.usage(
                "--rotate-keys-every is \(rotateKeysEvery.printable): give a time such as 10m")
        }
        guard chosen.contains(where: { $0.takes(parameter) }) else {
            throw CommandError.usage(
                "--rotate-keys-every: no strategy of this run can rotate its keys: choose a plain JWT, such as hs256-jwt"
            )
        }
        // By name, as somebody would type it, so that the rows say it too.
        let names = chosen.map { choice in
            choice.takes(parameter) && choice.parameters[parameter] == nil
                ? choice.identifier(setting: parameter, to: rotateKeysEvery) : choice.descriptor.id
        }
        return try StrategyChoice.named(names, among: strategies)
    }
}
