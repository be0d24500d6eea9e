import ArgumentParser
import AuthConformance
import AuthCore
import AuthHarness
import AuthText
import Backends
import BuiltinWorkloads
import Foundation

/// The arguments that say what is done: the workload, and what in it is overridden.
struct WorkloadOptions: ParsableArguments {
    @Argument(help: "A built-in workload (see authbench list) or the path of a .json file.")
    var workload = "mixed"

    @Option(
        parsing: .unconditional, help: "How many clients send requests at once (1 to \(Run.maximumClients)).")
    var clients: Int?

    @Option(parsing: .unconditional, help: "How many sessions exist before the clock starts.")
    var population: Int?

    @Option(parsing: .unconditional, help: "Decides the trace and the order of the strategies; 0 or above.")
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help:
            "Open loop: so many requests per second over all clients, whether or not earlier ones are answered."
    )
    var rate: Double?

    @Option(help: "How the requests of an open loop are spaced: poisson or constant (default: poisson).")
    var arrival: Arrival.Process?

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
        do { try resolved.validate() } catch {
            throw CommandError.usage(error.description)
        }
        return resolved
    }

    private func arrival(of workload: Workload) throws -> Arrival {
        var process = Arrival.Process.poisson
        if case .open(let own, _) = workload.arrival { process = own }
        guard let rate = rate ?? workload.arrival.rate else {
            if arrival != nil { throw CommandError.usage("--arrival goes with an open loop: add --rate") }
            return .closed
        }
        guard Arrival.rates.contains(rate) else {
            throw CommandError.usage("--rate is \(rate): from 0.01 to 100000000 per second")
        }
        return .open(arrival ?? process, rate: rate)
    }

    private func check(_ clients: Int, for name: String, as fault: (String) -> CommandError) throws {
        guard 1...Run.maximumClients ~= clients else {
            throw fault(
                "\(name) is \(clients): from 1 to \(Run.maximumClients), the number of threads that Dispatch starts"
            )
        }
    }
}

extension Arrival.Process: ExpressibleByArgument {}

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
                "unknown workload \"\(name)\": choose \(names.joined(separator: ", ")), or name a .json file")
        }
        let bytes: [UInt8]
        do { bytes = try InputFile.bytes(name) } catch { throw CommandError.badData("\(error)") }
        return try decode(bytes, from: name)
    }

    /// Checks the text strictly first: Foundation's decoder takes duplicates and trailing commas.
    static func decode(_ json: [UInt8], from name: String) throws -> Workload {
        do {
            try JSONReader.readObject(json.span) { (_, reader) throws(JSONError) in
                try reader.skipValue(json.span)
            }
            return try JSONDecoder().decode(Workload.self, from: Data(json))
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
        case .encoding: "not UTF-8, or with a byte order mark"
        case .syntax(let offset): "not JSON at \(place(offset, in: json))"
        case .duplicateName(let offset):
            "a name stands twice in one object, again at \(place(offset, in: json))"
        case .tooDeep: "nested deeper than \(JSONLimits.depth) levels"
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
        case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(path(context.codingPath)): \(why(context))"
        @unknown default: "\(error)"
        }
    }

    /// The text is known to be JSON here, so that only a number can still be unfit.
    private static func why(_ context: DecodingError.Context) -> String {
        guard context.codingPath.isEmpty else { return context.debugDescription }
        return "a number does not fit its key; clients, population, seed and lifetimes are whole numbers"
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the workload" : keys.map(\.stringValue).joined(separator: ".")
    }
}

/// The arguments that choose strategies.
struct StrategyOptions: ParsableArguments {
    @Option(
        help:
            "A strategy to measure, or the beginning of its name; may be given several times (default: all).")
    var strategy: [String] = []

    /// The strategies named, whole or by a beginning that fits one only, in the registry's order; all of those
    /// given here when none is named.
    func selected(from strategies: StrategyRegistry = Registry.strategies) throws -> StrategyRegistry {
        let chosen = try StrategyNames.identifiers(strategy, among: strategies.map { $0.descriptor.id })
        return chosen.isEmpty ? strategies : strategies.filter { chosen.contains($0.descriptor.id) }
    }
}
