import AuthCore

/// What a cell of the gate does: one kind of operation only, so that a slice's time is that operation's.
enum GateWorkload {
    static let policy = Policy()
    /// A lap is short, because each process makes its traces anew.
    static let lapOperations = 16_384
    /// The kinds of operation that are compared.
    static let operations: [OperationKind] = [.authenticate, .login, .renew]
    /// The operation of a cell that is not compared: every kind, probes that must be refused among them.
    static let decisions = "decisions"

    static func workload(_ operation: String, _ preparation: SliceProtocol.Preparation) throws -> Workload {
        var workload = try WorkloadSource.load("hostile")
        if operation != decisions {
            guard let kind = operations.first(where: { $0.name == operation }) else {
                throw Fault.badData("no operation \(operation)")
            }
            workload.mix = Workload.Mix()
            workload.mix[kind] = 1
        }
        workload.name = "gate-\(operation)"
        workload.clients = preparation.clients
        workload.population = preparation.population
        workload.seed = preparation.seed
        workload.skew = .uniform
        // The trace's clock goes about as fast as a real one: where it ran ahead, the first slices would touch
        // each session and the others none.
        workload.requestsPerSessionPerSecond = 1000
        workload.policy = policy
        return workload
    }
}
