import ArgumentParser
import AuthCore
import AuthHarness

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
        try check(resolved.clients, for: "clients of \(workload)", as: Fault.badData)
        if let clients {
            try check(clients, for: "--clients", as: Fault.usage)
            resolved.clients = clients
        }
        resolved.population = population ?? resolved.population
        resolved.seed = seed ?? resolved.seed
        resolved.arrival = try arrival(of: resolved)
        do { try resolved.validate() } catch {
            throw Fault.usage(error.description)
        }
        return resolved
    }

    private func arrival(of workload: Workload) throws -> Arrival {
        var process = Arrival.Process.poisson
        if case .open(let own, _) = workload.arrival { process = own }
        guard let rate = rate ?? workload.arrival.rate else {
            if arrival != nil { throw Fault.usage("--arrival goes with an open loop: add --rate") }
            return .closed
        }
        guard Arrival.rates.contains(rate) else {
            throw Fault.usage("--rate is \(rate): from 0.01 to 100000000 per second")
        }
        return .open(arrival ?? process, rate: rate)
    }

    private func check(_ clients: Int, for name: String, as fault: (String) -> Fault) throws {
        guard 1...Run.maximumClients ~= clients else {
            throw fault(
                "\(name) is \(clients): from 1 to \(Run.maximumClients), the number of threads that Dispatch starts"
            )
        }
    }
}

extension Arrival.Process: ExpressibleByArgument {}
