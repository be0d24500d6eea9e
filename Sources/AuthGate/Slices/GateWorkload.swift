import AuthCore
import BuiltinWorkloads
import Foundation

/// What a case of the gate does: one kind of operation only, so that a slice's time is that operation's.
package struct GateOperation {
    package let name: String
    let rank: GateRank
    fileprivate let mix: [(kind: OperationKind, share: Double)]

    private init(_ name: String, _ rank: GateRank, _ mix: [(OperationKind, Double)]) {
        self.name = name
        self.rank = rank
        self.mix = mix
    }

    private static let legitimate: [OperationKind] = [.authenticate, .login, .renew]
    private static let touchName = "touch"

    /// Those that are compared.
    ///
    /// A tenth of the refusals is none, so that the slices see a strategy that remembers the wrong one.
    package static let all: [Self] =
        legitimate.map { Self($0.name, .main, [($0, 1)]) } + [
            Self(
                "refused", .side,
                [
                    (.tampered, 0.35), (.wrongAudience, 0.15), (.unknown, 0.3), (.revoked, 0.1),
                    (.authenticate, 0.1),
                ]),
            Self("expired", .side, [(.expired, 0.9), (.authenticate, 0.1)]),
            Self(touchName, .side, [(.authenticate, 1)]),
            // Whoever signs out must have signed in.
            Self("logout", .side, [(.logout, 0.5), (.login, 0.5)]),
        ] + legitimate.map { Self("\($0.name)-parallel", .parallel, [($0, 1)]) }

    package static var names: String { all.map(\.name).joined(separator: ", ") }

    /// The slices of one side in a block come in pairs, of which a quad has two.
    func quads(isFast: Bool) -> Int {
        switch rank {
        case .main: isFast ? 6 : 10
        case .side: isFast ? 3 : 5
        case .parallel: isFast ? 2 : 3
        }
    }

    /// How long a slice of the base takes, about.
    ///
    /// So short that the four of a quad mostly meet one speed of the processor, and for several clients so long that
    /// their start does not matter.
    var slice_ms: Double { rank == .parallel ? 4 : 2.5 }

    /// The fewest operations of a slice: of several clients each does a few, so that slow ones do not take all the time.
    func leastOperations(_ clients: Int, overHTTP: Bool) -> Int {
        rank == .parallel ? 2 * clients : (overHTTP ? 4 : 8) * clients
    }

    /// How many sessions a case has: in the lesser ranks no more than make it what it is, because each block issues them
    /// anew.
    func population(_ wanted: Int, clients: Int) -> Int {
        rank == .main ? wanted : min(wanted, max(32, clients))
    }

    func clients(_ several: Int) -> Int { rank == .parallel ? several : 1 }

    /// What it asks for first of all.
    package var kind: OperationKind { mix[0].kind }

    /// Whether there is anything to measure: a strategy that never touches has no such case.
    func applies(to strategy: SliceProtocol.Strategy, clients: Int) -> Bool {
        (name != Self.touchName || strategy.touches) && (rank != .parallel || clients > 1)
            && strategy.operations?.contains(name) ?? true
    }

    fileprivate var touch: TouchPolicy { name == Self.touchName ? .always : GateWorkload.policy.touch }
}

/// The workload of an operation.
enum GateWorkload {
    static let policy = Policy()
    /// A lap is short, because each process makes its traces anew.
    static let lapOperations = 16_384
    /// The operation of a case that is not compared: every kind, probes that must be refused among them.
    static let decisions = "decisions"

    /// The built-in workload with every kind of probe.
    private static func hostile() throws -> Workload {
        guard let json = BuiltinWorkloads.all.first(where: { $0.name == "hostile" })?.json else {
            throw GateError.failed("this program does not have the workload hostile")
        }
        return try JSONDecoder().decode(Workload.self, from: Data(json))
    }

    static func workload(_ operation: String, _ preparation: SliceProtocol.Preparation) throws -> Workload {
        var workload = try hostile()
        workload.policy = policy
        workload.clients = 1
        workload.population = preparation.population
        if operation != decisions {
            guard let own = GateOperation.all.first(where: { $0.name == operation }) else {
                throw GateError.failed("the operation \(operation) is unknown")
            }
            workload.mix = Workload.Mix()
            for (kind, share) in own.mix { workload.mix[kind] = share }
            workload.policy.touch = own.touch
            workload.clients = own.clients(preparation.clients)
            workload.population = own.population(preparation.population, clients: workload.clients)
        }
        workload.name = "gate-\(operation)"
        workload.seed = preparation.seed
        workload.skew = .uniform
        // The trace's clock goes about as fast as a real one: where it ran ahead, the first slices would touch
        // each session and the others none.
        workload.requestsPerSessionPerSecond = 1000
        return workload
    }
}
