import AuthCore
import AuthHarness
import AuthReport
import Backends
import Dispatch

/// Measures one block: fresh processes of both programs, and slices of each cell in alternation.
struct GateBlockRunner {
    private static let warmUpSlices = 2

    private let plan: GatePlan
    private let cells: [GateHeader.Cell]
    private let stop: StopFlag
    private let scene: GateScene
    private var calibration = GateCalibration()
    private var random: RandomSource

    init(_ plan: GatePlan, _ cells: [GateHeader.Cell], _ scene: GateScene, stop: StopFlag) {
        self.plan = plan
        self.cells = cells
        self.scene = scene
        self.stop = stop
        random = RandomSource(seed: plan.seed, stream: 0x6A7E)
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
        let programs = try GatePrograms(mine, of: cells, plan, scene, first: first, using: &random)
        defer { programs.end() }
        let processors = bind(programs)
        try warmUp(mine, programs)
        let before = KernelCounters.current()
        let calibration_ns = calibration.measure()
        let measured_ns = DispatchTime.now().uptimeNanoseconds
        var measurements: [GateMeasurement] = []
        let order = mine.shuffled(using: &random)
        for cell in order where cells[cell].rank != .parallel {
            measurements.append(try measure(cell, programs))
        }
        let parallel = order.filter { cells[$0].rank == .parallel }
        // Several clients get in each other's way only where they can run at once.
        if !parallel.isEmpty, !processors.isEmpty { release(programs) }
        for cell in parallel { measurements.append(try measure(cell, programs)) }
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

    /// Binds the client of all programs, and the store, to the same processor, drawn anew for each block, and the gate
    /// itself to the others.
    ///
    /// Left to the scheduler, each program settles on a processor of its own, and on a shared machine one may be slower
    /// than the other by half: what was measured then was the processor. A store on another processor than its
    /// client is woken through the hypervisor, which took several times the round trip itself.
    private mutating func bind(_ programs: GatePrograms) -> [Int] {
        let allowed = scene.processors
        guard allowed.count > 1, let one = allowed.randomElement(using: &random) else { return [] }
        let chosen = [one]
        programs.bind(to: chosen)
        scene.bindStore(to: chosen)
        scene.bindDriver(to: allowed.filter { !chosen.contains($0) })
        return chosen
    }

    private func release(_ programs: GatePrograms) {
        programs.bind(to: scene.processors)
        scene.bindStore(to: scene.processors)
    }

    private mutating func warmUp(_ mine: [Int], _ programs: GatePrograms) throws {
        for round in 0..<Self.warmUpSlices {
            for cell in mine.shuffled(using: &random) where round == 0 || cells[cell].rank == .main {
                for role in GateRole.allCases.shuffled(using: &random) { _ = try slice(cell, role, programs) }
            }
        }
        for cell in mine { for role in GateRole.allCases { _ = try programs.times(cell, role) } }
    }

    private func slice(_ cell: Int, _ role: GateRole, _ programs: GatePrograms) throws -> SliceProtocol.Slice
    {
        if stop.isRaised { throw Stopped() }
        return try programs.measure(cell, role)
    }

    /// The quads of one cell, each ABBA or BAAB, so that a linear drift cancels.
    private mutating func measure(_ cell: Int, _ programs: GatePrograms) throws -> GateMeasurement {
        var measurement = GateMeasurement(cell: cell)
        let hasServer = cells[cell].has_server
        for _ in 0..<cells[cell].quads {
            let outer: GateRole = Bool.random(using: &random) ? .base : .head
            let inner: GateRole = outer == .base ? .head : .base
            for role in [outer, inner, inner, outer] {
                let before_ns = hasServer ? scene.storeCPU_ns() : nil
                let slice = try slice(cell, role, programs)
                let spent_ns = before_ns.flatMap { before in scene.storeCPU_ns().map { $0 &- before } }
                measurement.add(slice, storeCPU_ns: spent_ns, role)
            }
        }
        guard measurement.base.accepted == measurement.head.accepted,
            measurement.base.refused == measurement.head.refused
        else {
            throw Fault.runtime(
                "base and head decide differently in \(cells[cell].name), where the trace is the same: "
                    + "compare them with authbench conform")
        }
        for role in GateRole.allCases {
            let times = try programs.times(cell, role)
            (measurement[role].buckets, measurement[role].grown_bytes) = (times.buckets, times.grown_bytes)
        }
        return measurement
    }
}
