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

    /// The programs of one block; the sentinels' heads live in a second process of the base.
    private struct Programs {
        var base: ProgramUnderTest
        var head: ProgramUnderTest
        var again: ProgramUnderTest?
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
        let isBaseFirst = Bool.random(using: &random)
        let programs = try start(mine, isBaseFirst: isBaseFirst)
        defer { for program in [programs.base, programs.head, programs.again] { program?.end() } }
        let places = places(of: mine)
        for _ in 0..<2 {
            for cell in mine.shuffled(using: &random) {
                for side in GateRole.allCases { _ = try slice(cell, side, programs, places) }
            }
        }
        let before = KernelCounters.current()
        let calibration_ns = calibration.measure()
        let measured_ns = DispatchTime.now().uptimeNanoseconds
        var lines: [GateLine] = []
        for cell in mine.shuffled(using: &random) { lines += try measure(cell, programs, places) }
        let now_ns = DispatchTime.now().uptimeNanoseconds
        var facts = GateBlock(
            stage: stage, block: block, spawned_first: isBaseFirst ? .base : .head,
            wall_ns: now_ns - start_ns, calibration_ns: calibration_ns)
        facts.note(before, KernelCounters.current())
        facts.dropped = GateDisturbance.reason(
            facts, slices: lines.compactMap(\.slice), measured_ns: now_ns - measured_ns)
        return lines + [GateLine(block: facts)]
    }

    /// Starts all at once, in random order, and waits until each has loaded its cells.
    private mutating func start(_ mine: [Int], isBaseFirst: Bool) throws -> Programs {
        let named = [(plan.base, "base"), (plan.head, "head")]
        var started: [String: ProgramUnderTest] = [:]
        for (url, name) in isBaseFirst ? named : named.reversed() {
            started[name] = try scene.start(url, name: "\(name) (\(url.path))")
        }
        let sentinels = mine.filter { cells[$0].is_sentinel }
        let again = sentinels.isEmpty ? nil : try scene.start(plan.base, name: "base (\(plan.base.path))")
        guard let base = started["base"], let head = started["head"] else { throw Stopped() }
        let programs = Programs(base: base, head: head, again: again)
        let loads = [
            (base, mine, "base"), (head, mine.filter { !cells[$0].is_sentinel }, "head"),
        ] + (again.map { [($0, sentinels, "again")] } ?? [])
        let order = loads.shuffled(using: &random)
        // All load side by side, which takes half the time on two cores.
        for (program, own, folder) in order {
            try program.send(scene.preparation(own.map { cells[$0].protocolCell }, plan, folder: folder))
        }
        for (program, own, _) in order {
            let hashes = try program.awaitPrepared(own.count)
            for (cell, hash) in zip(own, hashes) where cells[cell].trace_sha256 != hash {
                throw Fault(
                    status: ExitStatus.incomparable,
                    message: "the two builds make different traces of \(cells[cell].name): nothing to compare")
            }
        }
        return programs
    }

    /// The index of each cell in each process's own list.
    private func places(of mine: [Int]) -> [Int: (base: Int, head: Int)] {
        let ordinary = mine.filter { !cells[$0].is_sentinel }
        let sentinels = mine.filter { cells[$0].is_sentinel }
        var places: [Int: (base: Int, head: Int)] = [:]
        for (place, cell) in mine.enumerated() {
            let own = cells[cell].is_sentinel ? sentinels : ordinary
            places[cell] = (place, own.firstIndex(of: cell) ?? 0)
        }
        return places
    }

    private func slice(
        _ cell: Int, _ side: GateRole, _ programs: Programs, _ places: [Int: (base: Int, head: Int)]
    ) throws -> SliceProtocol.Slice {
        if stop.isRaised { throw Stopped() }
        let facts = cells[cell]
        let program = side == .base ? programs.base : facts.is_sentinel ? programs.again ?? programs.base : programs.head
        let place = side == .base ? places[cell]?.base : places[cell]?.head
        return try program.measure(place ?? 0, operations: facts.operations_per_slice, doing: facts.name)
    }

    /// The quads of one cell, each ABBA or BAAB, so that a linear drift cancels.
    private mutating func measure(
        _ cell: Int, _ programs: Programs, _ places: [Int: (base: Int, head: Int)]
    ) throws -> [GateLine] {
        var lines: [GateLine] = []
        var buckets: [GateRole: [LatencyHistogram]] = [:]
        var decisions: [GateRole: [UInt64]] = [:]
        var position = 0
        for _ in 0..<plan.quads {
            let outer: GateRole = Bool.random(using: &random) ? .base : .head
            let inner: GateRole = outer == .base ? .head : .base
            for side in [outer, inner, inner, outer] {
                let slice = try slice(cell, side, programs, places)
                lines.append(GateLine(slice: GateSlice(slice, cell, side, position, cells[cell])))
                buckets[side, default: []].append(slice.service)
                decisions[side, default: []] += [slice.accepted, slice.refused]
                position += 1
            }
        }
        guard decisions[.base] == decisions[.head] else {
            throw Fault.runtime(
                "base and head decide differently in \(cells[cell].name), where the trace is the same: "
                    + "compare with authbench conform")
        }
        return lines + GateRole.allCases.map { side in
            GateLine(histogram: GateHistogram(cell: cell, side: side, LatencyHistogram(merging: buckets[side] ?? [])))
        }
    }
}
