import AuthCore
import AuthHarness
import AuthReport
import Backends
import Foundation

/// Measures one block: fresh processes of both programs, and slices of each cell in alternation.
struct GateBlockRunner {
    let plan: GatePlan
    let cells: [GateHeader.Cell]
    let stop: StopFlag
    let scene: GateScene
    private var calibration = GateCalibration()
    private var random: RandomSource

    init(_ plan: GatePlan, _ cells: [GateHeader.Cell], _ scene: GateScene, stop: StopFlag) {
        self.plan = plan
        self.cells = cells
        self.scene = scene
        self.stop = stop
        random = RandomSource(seed: plan.seed, stream: 0x6A7E)
    }

    /// The programs of one block; the sentinels live in two processes of the base that do nothing else, as a process
    /// that has done more finds its caches and its store in another state.
    private struct Programs {
        var ordinary: [GateRole: ProgramUnderTest] = [:]
        var sentinels: [GateRole: ProgramUnderTest] = [:]
        /// The index of each cell in its processes.
        var places: [Int: Int] = [:]

        var all: [ProgramUnderTest] { Array(ordinary.values) + Array(sentinels.values) }
    }

    /// - Parameters:
    ///   - block: its number, from 1.
    ///   - stage: to which it belongs, from 1.
    ///   - wanted: the cells to measure; the sentinels are measured always.
    /// - Returns: the lines of the block, its own last.
    /// - Throws: `Fault` for a program that fails, `Stopped` when the stop flag is raised.
    mutating func run(_ block: Int, stage: Int, wanted: Set<Int>) throws -> [GateLine] {
        let start_ns = DispatchTime.now().uptimeNanoseconds
        let mine = cells.indices.filter { cells[$0].is_sentinel || wanted.contains($0) }
        try scene.open()
        defer { scene.close() }
        let first: GateRole = Bool.random(using: &random) ? .base : .head
        let programs = try start(mine, first: first)
        defer {
            for program in programs.all { program.close() }
            for program in programs.all { program.end() }
        }
        let processors = bind(programs)
        for _ in 0..<2 {
            for cell in mine.shuffled(using: &random) {
                for side in GateRole.allCases { _ = try slice(cell, side, programs) }
            }
        }
        let before = KernelCounters.current()
        let calibration_ns = calibration.measure()
        let measured_ns = DispatchTime.now().uptimeNanoseconds
        var measurements: [GateMeasurement] = []
        for cell in mine.shuffled(using: &random) { measurements.append(try measure(cell, programs)) }
        let now_ns = DispatchTime.now().uptimeNanoseconds
        var facts = GateBlock(
            stage: stage, block: block, spawned_first: first,
            wall_ns: now_ns - start_ns, calibration_ns: calibration_ns)
        facts.note(before, KernelCounters.current())
        facts.processors = processors
        facts.dropped = GateDisturbance.reason(
            facts, measurements: measurements, measured_ns: now_ns - measured_ns)
        return measurements.map { GateLine(measurement: $0) } + [GateLine(block: facts)]
    }

    /// Binds the clients of all programs, and the store, to the same processors, drawn anew for each block, and the gate
    /// itself to the others.
    ///
    /// Left to the scheduler, each program settles on a processor of its own, and on a shared machine one may be slower
    /// than the other by half: what was measured then was the processor. A store on another processor than its
    /// client is woken through the hypervisor, which took several times the round trip itself.
    private mutating func bind(_ programs: Programs) -> [Int] {
        let allowed = scene.processors
        guard allowed.count > plan.clients else { return [] }
        let chosen = Array(allowed.shuffled(using: &random).prefix(plan.clients)).sorted()
        for program in programs.all { program.bind(to: chosen) }
        scene.bindStore(to: chosen)
        scene.bindDriver(to: allowed.filter { !chosen.contains($0) })
        return chosen
    }

    /// Starts all at once, in random order, and waits until each has loaded its cells.
    private mutating func start(_ mine: [Int], first: GateRole) throws -> Programs {
        var programs = Programs()
        let kinds = [false, true].map { kind in mine.filter { cells[$0].is_sentinel == kind } }
        for own in kinds { for (place, cell) in own.enumerated() { programs.places[cell] = place } }
        for role in first == .base ? [GateRole.base, .head] : [.head, .base] {
            programs.ordinary[role] = try scene.start(plan.program(role))
        }
        if !kinds[1].isEmpty {
            for role in GateRole.allCases { programs.sentinels[role] = try scene.start(plan.program(.base)) }
        }
        var loads: [(ProgramUnderTest, [Int], String)] = []
        for role in GateRole.allCases {
            if let program = programs.ordinary[role] { loads.append((program, kinds[0], role.rawValue)) }
            if let program = programs.sentinels[role] { loads.append((program, kinds[1], "sentinel-\(role)")) }
        }
        // All load side by side, which keeps every core busy.
        loads.shuffle(using: &random)
        for (program, own, folder) in loads {
            try program.greet()
            try program.send(scene.preparation(own.map { cells[$0].protocolCell }, plan, folder: folder))
        }
        for (program, own, _) in loads {
            let hashes = try program.awaitPrepared(own.count)
            for (cell, hash) in zip(own, hashes) where cells[cell].trace_sha256 != hash {
                throw Fault(
                    status: ExitStatus.incomparable,
                    message: "the two builds make different traces of \(cells[cell].name): nothing to compare")
            }
        }
        return programs
    }

    private func program(_ cell: Int, _ role: GateRole, _ programs: Programs) throws -> (ProgramUnderTest, Int) {
        let kind = cells[cell].is_sentinel ? programs.sentinels : programs.ordinary
        guard let program = kind[role], let place = programs.places[cell] else {
            throw Fault.runtime("\(cells[cell].name) is not prepared")
        }
        return (program, place)
    }

    private func slice(_ cell: Int, _ role: GateRole, _ programs: Programs) throws -> SliceProtocol.Slice {
        if stop.isRaised { throw Stopped() }
        let (program, place) = try program(cell, role, programs)
        return try program.measure(
            place, operations: cells[cell].operations_per_slice, doing: cells[cell].name)
    }

    private func times(_ cell: Int, _ role: GateRole, _ programs: Programs) throws -> [UInt64] {
        let (program, place) = try program(cell, role, programs)
        return try program.times(place, doing: cells[cell].name)
    }

    /// The quads of one cell, each ABBA or BAAB, so that a linear drift cancels.
    private mutating func measure(_ cell: Int, _ programs: Programs) throws -> GateMeasurement {
        var measurement = GateMeasurement(cell: cell)
        for role in GateRole.allCases { _ = try times(cell, role, programs) }
        for _ in 0..<plan.quads {
            let outer: GateRole = Bool.random(using: &random) ? .base : .head
            let inner: GateRole = outer == .base ? .head : .base
            for role in [outer, inner, inner, outer] {
                measurement.add(try slice(cell, role, programs), role)
            }
        }
        guard measurement.base.accepted == measurement.head.accepted,
            measurement.base.refused == measurement.head.refused
        else {
            throw Fault.runtime(
                "base and head decide differently in \(cells[cell].name), where the trace is the same: "
                    + "compare them with authbench conform")
        }
        for role in GateRole.allCases { measurement[role].buckets = try times(cell, role, programs) }
        return measurement
    }
}
