import AuthCore

/// The processes of one block, each with its cases loaded.
///
/// The sentinels live in two processes of the base that do nothing else, as a process that has done more finds its
/// caches and its store in another state.
struct GatePrograms {
    private let cases: [GateHeader.Case]
    private var ordinary: [GateRole: ProgramUnderTest] = [:]
    private var sentinels: [GateRole: ProgramUnderTest] = [:]
    /// The index of each caseIndex in its processes.
    private var places: [Int: Int] = [:]

    private struct Load {
        var program: ProgramUnderTest
        var cases: [Int]
        var folder: String
    }

    /// Starts all processes and waits until each has loaded its cases.
    ///
    /// - Parameters:
    ///   - mine: the indices of the cases to load.
    ///   - cases: all cases.
    ///   - plan: which programs.
    ///   - sandbox: where they run.
    ///   - first: the side that is started before the other.
    ///   - random: decides which loads first.
    /// - Throws: `GateError` for a program that fails, or makes another trace than was agreed.
    init(
        _ mine: [Int], of cases: [GateHeader.Case], _ plan: GatePlan, _ sandbox: GateSandbox, first: GateRole,
        using random: inout RandomSource
    ) throws {
        self.cases = cases
        let kinds = [false, true].map { kind in mine.filter { cases[$0].is_sentinel == kind } }
        for own in kinds { for (place, caseIndex) in own.enumerated() { places[caseIndex] = place } }
        var loads: [Load] = []
        for role in first == .base ? [GateRole.base, .head] : [.head, .base] {
            let program = try sandbox.start(plan.program(role))
            ordinary[role] = program
            loads.append(Load(program: program, cases: kinds[0], folder: role.rawValue))
        }
        for role in kinds[1].isEmpty ? [] : GateRole.allCases {
            let program = try sandbox.start(plan.program(.base))
            sentinels[role] = program
            loads.append(Load(program: program, cases: kinds[1], folder: "sentinel-\(role)"))
        }
        loads.shuffle(using: &random)
        try prepare(loads, plan, sandbox)
    }

    /// All load side by side, which keeps every core busy.
    private func prepare(_ loads: [Load], _ plan: GatePlan, _ sandbox: GateSandbox) throws {
        for load in loads {
            try load.program.greet()
            let own = load.cases.map { cases[$0].protocolCase }
            try load.program.send(sandbox.preparation(own, plan, folder: load.folder))
        }
        for load in loads {
            let hashes = try load.program.awaitPrepared(load.cases.count)
            for (caseIndex, hash) in zip(load.cases, hashes) where cases[caseIndex].trace_sha256 != hash {
                throw GateError.unlikeTraces(cases[caseIndex].name)
            }
        }
    }

    private var all: [ProgramUnderTest] { Array(ordinary.values) + Array(sentinels.values) }

    func bind(to processors: [Int]) { for program in all { program.bind(to: processors) } }

    /// Ends all at once.
    func end() {
        for program in all { program.close() }
        for program in all { program.end() }
    }

    func measure(_ caseIndex: Int, _ role: GateRole) throws -> SliceProtocol.Slice {
        let (program, place) = try program(caseIndex, role)
        return try program.measure(
            place, operations: cases[caseIndex].operations_per_slice, doing: cases[caseIndex].name)
    }

    /// What the slices of a side have left since it was last asked for.
    func times(_ caseIndex: Int, _ role: GateRole) throws -> SliceProtocol.Times {
        let (program, place) = try program(caseIndex, role)
        return try program.times(place, doing: cases[caseIndex].name)
    }

    private func program(_ caseIndex: Int, _ role: GateRole) throws -> (ProgramUnderTest, Int) {
        let kind = cases[caseIndex].is_sentinel ? sentinels : ordinary
        guard let program = kind[role], let place = places[caseIndex] else {
            throw GateError.failed("\(cases[caseIndex].name) is not prepared")
        }
        return (program, place)
    }
}
