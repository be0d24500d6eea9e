import AuthHarness
import AuthReport
import Backends
import Foundation

/// What must be right before anything is timed: both programs speak the protocol, make the same traces and decide
/// well; and how many operations make a slice.
struct GatePreflight {
    let scene: GateScene
    private let plan: GatePlan
    private let cells: GateCells
    private let base: ProgramUnderTest
    private let head: ProgramUnderTest
    private let greeting: SliceProtocol.Greeting
    private let theirs: SliceProtocol.Greeting
    private let hashes: [String]

    /// How many operations of every kind each strategy must decide as the trace expects.
    private static let decisions = 4000

    init(_ plan: GatePlan, _ leftovers: Leftovers) throws {
        self.plan = plan
        let scene = try GateScene(needsRedis: false, leftovers: leftovers)
        do {
            (base, head) = (try scene.start(plan.program(.base)), try scene.start(plan.program(.head)))
            (greeting, theirs) = (try base.greet(), try head.greet())
            cells = try GateCells(greeting, theirs, plan)
            guard !cells.common.isEmpty else {
                throw Fault(
                    status: ExitStatus.nothingMeasured,
                    message: "the two programs have none of these strategies in common: nothing to compare")
            }
            scene.needsRedis = cells.needsRedis
            try scene.open()
            hashes = try Self.prepare(base, head, cells, plan, scene)
            self.scene = scene
        } catch {
            scene.clear()
            throw error
        }
    }

    /// Loads the cells in both, and has each strategy decide on good and bad credentials.
    private static func prepare(
        _ base: ProgramUnderTest, _ head: ProgramUnderTest, _ cells: GateCells, _ plan: GatePlan,
        _ scene: GateScene
    ) throws -> [String] {
        let strategies = cells.common.reduce(into: [String]()) {
            if $0.last != $1.strategy { $0.append($1.strategy) }
        }
        let all = cells.common + strategies.map { .init(strategy: $0, operation: GateWorkload.decisions) }
        try base.send(scene.preparation(all, plan, folder: "base"))
        try head.send(scene.preparation(all, plan, folder: "head"))
        let (ours, theirs) = (try base.awaitPrepared(all.count), try head.awaitPrepared(all.count))
        for (index, cell) in all.enumerated() where ours[index] != theirs[index] {
            throw Fault.unlikeTraces("\(cell.strategy) \(cell.operation)")
        }
        for (index, cell) in all.enumerated() where cell.operation == GateWorkload.decisions {
            for program in [base, head] {
                _ = try program.measure(
                    index, operations: decisions, doing: "the decisions of \(cell.strategy)")
            }
        }
        return ours
    }

    /// Finds how long slices must be, on the base, and says what will be compared; both programs end.
    func header() throws -> GateHeader {
        defer { for program in [base, head] { program.end() } }
        var all: [GateHeader.Cell] = []
        for (index, cell) in cells.common.enumerated() {
            guard let operation = plan.operations.first(where: { $0.name == cell.operation }) else {
                continue
            }
            all.append(
                .init(
                    strategy: cell.strategy, operation: cell.operation,
                    operations_per_slice: try operationsPerSlice(index, operation),
                    trace_sha256: hashes[index], quads: operation.quads(isFast: plan.isFast),
                    rank: operation.rank, clients: operation.clients(plan.clients),
                    has_server: cells.served.contains(cell.strategy)))
        }
        for index in cells.sentinels {
            var sentinel = all[index]
            sentinel.is_sentinel = true
            all.append(sentinel)
        }
        let machine = Machine.facts()
        var header = GateHeader(
            base: try record(plan.base, greeting), head: try record(plan.head, theirs),
            started_at: RunClock.timestamp(), seed: plan.seed, population: plan.population,
            budget_s: plan.budget_s, rules: plan.rules, cells: all,
            unpaired: cells.unpaired,
            cores: machine.cores)
        header.cpu_model = machine.cpu_model
        header.kernel = machine.kernel
        header.load1 = machine.load_average?.load1
        return header
    }

    /// As many as take the base the time of a slice, from the fastest of a few tries.
    private func operationsPerSlice(_ cell: Int, _ operation: GateOperation) throws -> Int {
        let clients = operation.clients(plan.clients)
        let least = operation.leastOperations(clients)
        var operations = least
        for _ in 0..<20 {
            let slice = try base.measure(cell, operations: operations, doing: cells.common[cell].strategy)
            let share = operation.slice_ms * 1e6 / Double(slice.wall_ns)
            if share < 1.2 { break }
            operations = Int(Double(operations) * min(share, 4))
        }
        var best = Double.infinity
        for _ in 0..<3 {
            let slice = try base.measure(cell, operations: operations, doing: cells.common[cell].strategy)
            best = min(best, Double(slice.wall_ns) / Double(operations))
        }
        // Each client does as many as the others.
        let perClient = operation.slice_ms * 1e6 / best / Double(clients)
        return max(least, Int(perClient.rounded(.up)) * clients)
    }

    private func record(_ url: URL, _ greeting: SliceProtocol.Greeting) throws -> GateHeader.Program {
        let bytes: Data
        do { bytes = try Data(contentsOf: url) } catch {
            throw Fault.runtime("\(url.path) cannot be read: \(error.reason)")
        }
        return .init(
            file: url.lastPathComponent, sha256: SHA256.hexadecimal(of: Array(bytes)),
            version: greeting.authbench)
    }
}
