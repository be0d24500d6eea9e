import AuthCore
import AuthResults
import Backends
import Foundation

/// What must be right before anything is timed: both programs speak the protocol, make the same traces and decide
/// well; and how many operations make a slice.
struct GatePreflight {
    let sandbox: GateSandbox
    private let plan: GatePlan
    private let cases: GateCases
    private let base: ProgramUnderTest
    private let head: ProgramUnderTest
    private let greeting: SliceProtocol.Greeting
    private let theirs: SliceProtocol.Greeting
    private let hashes: [String]

    /// How many operations of every kind each strategy must decide as the trace expects; of a server fewer, because each takes
    /// a request.
    private static func decisions(_ plan: GatePlan) -> Int { plan.target == nil ? 4000 : 400 }

    init(_ plan: GatePlan, _ cleanup: Cleanup) throws {
        self.plan = plan
        let sandbox = try GateSandbox(
            distance: plan.distance, cleanup: cleanup)
        do {
            (base, head) = (try sandbox.start(.base, of: plan), try sandbox.start(.head, of: plan))
            (greeting, theirs) = (try base.greet(), try head.greet())
            cases = try GateCases(greeting, theirs, plan)
            guard !cases.common.isEmpty else { throw cases.nothingInCommon(plan) }
            guard plan.distance == nil || !cases.served.isEmpty else {
                throw GateError(
                    kind: .badDistance,
                    description:
                        "--store-rtt: none of the strategies asks a server, which could be far away: leave the option out"
                )
            }
            sandbox.needs = cases.stores
            try sandbox.open()
            let (base, head, cases) = (base, head, cases)
            hashes = try sandbox.watchingRelay { try Self.prepare(base, head, cases, plan, sandbox) }
            self.sandbox = sandbox
        } catch {
            sandbox.clear()
            throw error
        }
    }

    /// Loads the cases in both, and has each strategy decide on good and bad credentials.
    private static func prepare(
        _ base: ProgramUnderTest, _ head: ProgramUnderTest, _ cases: GateCases, _ plan: GatePlan,
        _ sandbox: GateSandbox
    ) throws -> [String] {
        let strategies = cases.common.reduce(into: [String]()) {
            if $0.last != $1.strategy { $0.append($1.strategy) }
        }
        let all = cases.common + strategies.map { .init(strategy: $0, operation: GateWorkload.decisions) }
        try base.send(sandbox.preparation(all, plan, folder: "base"))
        try head.send(sandbox.preparation(all, plan, folder: "head"))
        let (ours, theirs) = (try base.awaitPrepared(all.count), try head.awaitPrepared(all.count))
        for (index, item) in all.enumerated() where ours[index] != theirs[index] {
            throw GateError.unlikeTraces("\(item.strategy) \(item.operation)")
        }
        for (index, item) in all.enumerated() where item.operation == GateWorkload.decisions {
            for program in [base, head] {
                _ = try program.measure(
                    index, operations: decisions(plan), doing: "the decisions of \(item.strategy)")
            }
        }
        return ours
    }

    /// Finds how long slices must be, on the base, and says what will be compared; both programs end.
    func header() throws -> GateHeader {
        defer { for program in [base, head] { program.end() } }
        let all = try sandbox.watchingRelay { try sizedCases() }
        let machine = MachineRecord.current()
        var header = GateHeader(
            base: try record(.base, greeting), head: try record(.head, theirs),
            started_at: RunClock.timestamp(), seed: plan.seed, population: plan.population,
            budget_s: plan.budget_s, rules: plan.rules, cases: all,
            unpaired: cases.unpaired,
            cores: machine.cores)
        if !cases.served.isEmpty { header.store_rtt_asked_ns = plan.distance?.asked.time_ns }
        header.target = plan.target.map { .init($0) }
        header.cpu_model = machine.cpu_model
        header.kernel = machine.kernel
        header.load1 = machine.load_average?.load1
        return header
    }

    /// The cases with their sizes, at the distance that was asked, and the sentinels.
    private func sizedCases() throws -> [GateHeader.Case] {
        try sandbox.hold(true)
        var (all, block_s): ([GateHeader.Case], Double) = ([], 0)
        for (index, item) in cases.common.enumerated() {
            guard let operation = plan.operations.first(where: { $0.name == item.operation }) else {
                continue
            }
            let slice = try sizedSlice(index, operation)
            let quads = operation.quads(isFast: plan.isFast)
            all.append(
                .init(
                    strategy: item.strategy, operation: item.operation,
                    operations_per_slice: slice.operations,
                    trace_sha256: hashes[index], quads: quads,
                    rank: operation.rank, clients: operation.clients(plan.clients),
                    has_server: cases.served.contains(item.strategy)))
            block_s += slice.time_s * Double(4 * quads * (cases.sentinels.contains(index) ? 2 : 1))
            guard block_s < plan.budget_s else { throw tooSlow(block_s) }
        }
        for index in cases.sentinels {
            var sentinel = all[index]
            sentinel.is_sentinel = true
            all.append(sentinel)
        }
        return all
    }

    /// A block that has begun is not broken off, so one that cannot fit is not begun.
    private func tooSlow(_ block_s: Double) -> GateError {
        GateError(
            kind: .badBudget,
            description:
                "--budget is \(plan.budget_s.formatted(digits: 0)), and one block takes \(block_s.formatted(digits: 0)) s"
                + " or more: give more, name fewer operations or strategies"
                + (plan.distance == nil ? "" : ", or ask for a shorter --store-rtt"))
    }

    /// As many operations as take the base the time of a slice, and that time, from the fastest of a few tries.
    private func sizedSlice(
        _ item: Int, _ operation: GateOperation
    ) throws -> (operations: Int, time_s: Double) {
        let clients = operation.clients(plan.clients)
        let least = operation.leastOperations(clients, overHTTP: plan.target != nil)
        var operations = least
        for _ in 0..<20 {
            let slice = try base.measure(item, operations: operations, doing: cases.common[item].strategy)
            let share = operation.slice_ms * 1e6 / Double(slice.wall_ns)
            if share < 1.2 { break }
            operations = Int(Double(operations) * min(share, 4))
        }
        var best_ns = Double.infinity
        for _ in 0..<3 {
            let slice = try base.measure(item, operations: operations, doing: cases.common[item].strategy)
            best_ns = min(best_ns, Double(slice.wall_ns) / Double(operations))
        }
        // Each client does as many as the others.
        let perClient = operation.slice_ms * 1e6 / best_ns / Double(clients)
        let count = max(least, Int(perClient.rounded(.up)) * clients)
        return (count, best_ns * Double(count) / 1e9)
    }

    private func record(
        _ role: GateRole, _ greeting: SliceProtocol.Greeting
    ) throws -> GateHeader.Program {
        if let target = plan.target {
            let software = (role == .base ? base : head).server?.software ?? ""
            return .init(file: target.command(role), sha256: "", version: software)
        }
        let url = plan.program(role).url
        let bytes: Data
        do { bytes = try Data(contentsOf: url) } catch {
            throw GateError.failed("\(url.path) cannot be read: \(error.reason)")
        }
        return .init(
            file: url.lastPathComponent, sha256: SHA256.hexadecimal(of: Array(bytes)),
            version: greeting.authbench)
    }
}

/// Which cases two programs have in common, and which of them also watch the gate itself.
struct GateCases {
    var common: [SliceProtocol.Case] = []
    var unpaired: [GateHeader.Unpaired] = []
    /// What the strategies in common ask.
    var stores: Set<Store> = []
    /// Strategies whose store is a process of its own.
    var served: Set<String> = []
    /// Indices into `common` of the cases in which the base is measured against itself.
    var sentinels: [Int] = []

    /// - Parameters:
    ///   - base: what the base says of itself.
    ///   - head: the same of the head.
    ///   - plan: which strategies and operations are wanted.
    /// - Throws: `UnknownStrategyError` when a name fits none or several strategies.
    init(_ base: SliceProtocol.Greeting, _ head: SliceProtocol.Greeting, _ plan: GatePlan) throws {
        let known =
            base.strategies + head.strategies.filter { one in !base.strategies.contains { $0.id == one.id } }
        let chosen = try Self.choose(plan.strategies, from: known)
        for strategy in chosen {
            let isInBase = base.strategies.contains { $0.id == strategy.id }
            let isInHead = head.strategies.contains { $0.id == strategy.id }
            guard isInBase, isInHead else {
                unpaired.append(.init(strategy: strategy.id, only_in: isInBase ? .base : .head))
                continue
            }
            let own = strategy.stores.compactMap { Store(rawValue: $0) }
            stores.formUnion(own)
            if own.contains(where: \.isServer) { served.insert(strategy.id) }
            common += plan.operations.filter { $0.applies(to: strategy, clients: plan.clients) }
                .map { .init(strategy: strategy.id, operation: $0.name) }
        }
        sentinels = Self.sentinels(common, chosen)
    }

    /// Why there is nothing to compare: an operation that no strategy has, or strategies that only one side has.
    fileprivate func nothingInCommon(_ plan: GatePlan) -> GateError {
        let operations = plan.operations.map(\.name).joined(separator: ", ")
        let sides = unpaired.map { "\($0.strategy) only in the \($0.only_in.rawValue)" }.joined(
            separator: ", ")
        return GateError(
            kind: .nothingInCommon,
            description: unpaired.isEmpty
                ? "none of the strategies has the operation \(operations): leave --operation out, or name another"
                : "the two programs have none of these strategies in common (\(sides)): name a strategy that both have"
        )
    }

    private static func choose(
        _ names: [String], from known: [SliceProtocol.Strategy]
    ) throws -> [SliceProtocol.Strategy] {
        // A program from before there were sets has the card only.
        let all = StrategySet.allCases.map(\.rawValue)
        let chosen = try StrategyNames.identifiers(names, among: known.map { ($0.id, $0.sets ?? all) })
        return known.filter { chosen.contains($0.id) && (!names.isEmpty || !$0.is_baseline) }
    }

    /// The first case that only computes and the first that asks a store: two ways for the gate to be biased.
    private static func sentinels(_ cases: [SliceProtocol.Case], _ strategies: [SliceProtocol.Strategy])
        -> [Int]
    {
        // Several clients differ from themselves by more than a bias that matters.
        let candidates = cases.indices.filter { cases[$0].rank != .parallel }
        let storeless = Set(strategies.filter(\.stores.isEmpty).map(\.id))
        let computing = candidates.first { storeless.contains(cases[$0].strategy) }
        let asking = candidates.first { !storeless.contains(cases[$0].strategy) }
        let both = [computing, asking].compactMap(\.self)
        return both.count == 2 ? both : Array(candidates.prefix(2))
    }
}
