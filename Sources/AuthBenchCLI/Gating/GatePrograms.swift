import AuthCore
import AuthReport

/// The processes of one block, each with its cells loaded.
///
/// The sentinels live in two processes of the base that do nothing else, as a process that has done more finds its
/// caches and its store in another state.
struct GatePrograms {
    private let cells: [GateHeader.Cell]
    private var ordinary: [GateRole: ProgramUnderTest] = [:]
    private var sentinels: [GateRole: ProgramUnderTest] = [:]
    /// The index of each cell in its processes.
    private var places: [Int: Int] = [:]

    private struct Load {
        var program: ProgramUnderTest
        var cells: [Int]
        var folder: String
    }

    /// Starts all processes and waits until each has loaded its cells.
    ///
    /// - Parameters:
    ///   - mine: the indices of the cells to load.
    ///   - cells: all cells.
    ///   - plan: which programs.
    ///   - scene: where they run.
    ///   - first: the side that is started before the other.
    ///   - random: decides which loads first.
    /// - Throws: `Fault` for a program that fails, or makes another trace than was agreed.
    init(
        _ mine: [Int], of cells: [GateHeader.Cell], _ plan: GatePlan, _ scene: GateScene, first: GateRole,
        using random: inout RandomSource
    ) throws {
        self.cells = cells
        let kinds = [false, true].map { kind in mine.filter { cells[$0].is_sentinel == kind } }
        for own in kinds { for (place, cell) in own.enumerated() { places[cell] = place } }
        var loads: [Load] = []
        for role in first == .base ? [GateRole.base, .head] : [.head, .base] {
            let program = try scene.start(plan.program(role))
            ordinary[role] = program
            loads.append(Load(program: program, cells: kinds[0], folder: role.rawValue))
        }
        for role in kinds[1].isEmpty ? [] : GateRole.allCases {
            let program = try scene.start(plan.program(.base))
            sentinels[role] = program
            loads.append(Load(program: program, cells: kinds[1], folder: "sentinel-\(role)"))
        }
        loads.shuffle(using: &random)
        try prepare(loads, plan, scene)
    }

    /// All load side by side, which keeps every core busy.
    private func prepare(_ loads: [Load], _ plan: GatePlan, _ scene: GateScene) throws {
        for load in loads {
            try load.program.greet()
            let own = load.cells.map { cells[$0].protocolCell }
            try load.program.send(scene.preparation(own, plan, folder: load.folder))
        }
        for load in loads {
            let hashes = try load.program.awaitPrepared(load.cells.count)
            for (cell, hash) in zip(load.cells, hashes) where cells[cell].trace_sha256 != hash {
                throw Fault.unlikeTraces(cells[cell].name)
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

    func measure(_ cell: Int, _ role: GateRole) throws -> SliceProtocol.Slice {
        let (program, place) = try program(cell, role)
        return try program.measure(
            place, operations: cells[cell].operations_per_slice, doing: cells[cell].name)
    }

    /// What the slices of a side have left since it was last asked for.
    func times(_ cell: Int, _ role: GateRole) throws -> SliceProtocol.Times {
        let (program, place) = try program(cell, role)
        return try program.times(place, doing: cells[cell].name)
    }

    private func program(_ cell: Int, _ role: GateRole) throws -> (ProgramUnderTest, Int) {
        let kind = cells[cell].is_sentinel ? sentinels : ordinary
        guard let program = kind[role], let place = places[cell] else {
            throw Fault.runtime("\(cells[cell].name) is not prepared")
        }
        return (program, place)
    }
}

extension Fault {
    static func unlikeTraces(_ cell: String) -> Self {
        Self(
            status: ExitStatus.incomparable,
            message: "base and head make different traces of \(cell): nothing to compare")
    }
}
