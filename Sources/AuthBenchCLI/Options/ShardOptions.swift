import ArgumentParser
import AuthCore
import Backends
import Foundation

/// Holds the arguments by which several processes, on one machine or many, replay one trace together.
struct ShardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Replays one part of the clients, such as 2/8, while other processes replay the others; auto asks Slurm, MPI or Kubernetes (default with --rendezvous: auto).",
            valueName: "i/n"))
    var shard: String?

    @Option(
        help: ArgumentHelp(
            "The Redis server in which the shards of a run find each other and begin together, redis://user@host:port/db or unix:///path?db=0. Its password is read from REDISCLI_AUTH.",
            valueName: "address"))
    var rendezvous: String?

    @Option(
        help: ArgumentHelp(
            "The name by which the shards of a run know each other; needed where the same run is started twice at once (default: from the requests).",
            valueName: "name"))
    var rendezvousName: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a shard waits for the others, from 1 to 3600; ten times as long while they load.",
            valueName: "seconds"))
    var rendezvousPatience = 30.0

    /// Reads which shard this process is.
    ///
    /// - Parameters:
    ///   - stores: with the password of a server.
    ///   - environment: in which whoever starts many processes says which one this is.
    /// - Returns: the shard; `nil` where this process is alone.
    /// - Throws: `CommandError`.
    func plan(
        _ stores: StoreOptions, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ShardPlan? {
        guard shard != nil || rendezvous != nil else {
            guard rendezvousName == nil else {
                throw CommandError.usage("--rendezvous-name names a run of several shards: add --rendezvous")
            }
            return nil
        }
        let found =
            try shard.flatMap { $0 == "auto" ? nil : try Self.shard($0) } ?? Self.shard(in: environment)
        guard rendezvous != nil || found.count == 1 else {
            throw CommandError.usage(
                "--shard \(found.index)/\(found.count) must find the other shards: add --rendezvous redis://host"
            )
        }
        guard (1...3600).contains(rendezvousPatience) else {
            throw CommandError.usage(
                "--rendezvous-patience is \(rendezvousPatience): give 1 to 3600 seconds")
        }
        if let name = rendezvousName {
            guard 1...100 ~= name.utf8.count,
                name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
            else {
                throw CommandError.usage(
                    "--rendezvous-name \(name.printable): a name has letters, digits, -, _ and .")
            }
        }
        return ShardPlan(
            shard: found,
            rendezvous: try rendezvous.map { ($0, try stores.endpoint($0, of: "--rendezvous")) },
            name: rendezvousName, patience_s: rendezvousPatience)
    }

    private static func shard(_ text: String) throws -> Shard {
        guard let shard = Shard(text) else {
            throw CommandError.usage(
                "--shard \(text.printable): give i/n with 1 <= i <= n <= \(Shard.most), such as 2/8, or auto")
        }
        return shard
    }

    /// What starts many processes, by its words for which one this is and how many there are.
    ///
    /// MPI first: what it starts within a job of Slurm inherits the words of Slurm, where all are the first.
    static let starters = [
        (rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE"), (rank: "PMI_RANK", size: "PMI_SIZE"),
        (rank: "SLURM_PROCID", size: "SLURM_NTASKS"), (rank: "JOB_COMPLETION_INDEX", size: "JOB_COMPLETIONS"),
    ]

    /// Which shard the environment says that this is.
    static func shard(in environment: [String: String]) throws -> Shard {
        guard let starter = starters.first(where: { environment[$0.rank] != nil }) else {
            throw CommandError.usage(
                "--shard: nothing says which shard this is (\(starters.map(\.rank).joined(separator: ", "))): give --shard i/n"
            )
        }
        let rank = environment[starter.rank] ?? ""
        guard let size = environment[starter.size] else {
            throw CommandError.usage(
                "\(starter.rank) is \(rank.printable), but \(starter.size) is not set: set it to the number of shards, or give --shard i/n"
            )
        }
        guard let index = Int(rank), index < Int.max, let count = Int(size),
            let shard = Shard(index + 1, of: count)
        else {
            throw CommandError.usage(
                "\(starter.rank) is \(rank.printable) of \(starter.size) \(size.printable), which is no shard of 1 to \(Shard.most): give --shard i/n"
            )
        }
        return shard
    }
}

extension RunPlan {
    /// How many clients this process has itself.
    var ownClients: Int {
        guard let shard = shard?.shard else { return workload.clients }
        return shard.range(of: workload.clients / workload.requestsInParallel).count
            * workload.requestsInParallel
    }

    /// Refuses what several machines cannot share, before anything is started.
    func checkShard() throws {
        guard let shard = shard?.shard, shard.count > 1 else { return }
        let groups = workload.clients / workload.requestsInParallel
        guard groups >= shard.count else {
            let unit = workload.requestsInParallel > 1 ? "groups of clients" : "clients"
            throw CommandError.usage(
                "\(shard.count) shards cannot share \(groups) \(unit): give at least one to each (--clients)")
        }
        if let operations = extent.operationCount, operations < workload.clients {
            throw CommandError.usage(
                "--operations is \(operations): give at least \(workload.clients), one for each client")
        }
        for strategy in strategies {
            let descriptor = strategy.descriptor
            func refuse(_ reason: String) -> CommandError { CommandError.usage("\(descriptor.id) \(reason)") }
            if descriptor.stores.contains(.sqlite) {
                throw refuse(
                    "keeps its state in a file of one machine (SQLite): leave it out of a run of shards")
            }
            if descriptor.stores.contains(.authority) {
                throw refuse(
                    "asks an authority that each process starts for itself: leave it out of a run of shards")
            }
            if descriptor.stores.isEmpty, descriptor.credential == .random,
                strategy.type != TargetStrategy.self
            {
                throw refuse("keeps its state in the memory of one process: leave it out of a run of shards")
            }
            if descriptor.stores.contains(.redis), stores.redis == nil {
                throw refuse("needs one Redis server for all shards: name it with --redis")
            }
            if descriptor.stores.contains(.redisCluster), stores.redisCluster == nil {
                throw refuse("needs one Redis Cluster for all shards: name it with --redis-cluster")
            }
            if descriptor.stores.contains(.postgres), stores.postgres.own == nil {
                throw refuse("needs one PostgreSQL server for all shards: name it with --postgres")
            }
        }
    }
}
