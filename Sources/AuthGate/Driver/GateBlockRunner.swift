import AuthCore
import AuthHarness
import Backends
import Dispatch

/// Measures one block: fresh processes of both programs, and slices of each case in alternation.
struct GateBlockRunner {
    private static let warmUpSlices = 2

    private let plan: GatePlan
    private let cases: [GateHeader.Case]
    private let stop: StopFlag
    private let sandbox: GateSandbox
    private var calibration = GateCalibration()
    private var random: RandomSource

    init(_ plan: GatePlan, _ cases: [GateHeader.Case], _ sandbox: GateSandbox, stop: StopFlag) {
        self.plan = plan
        self.cases = cases
        self.sandbox = sandbox
        self.stop = stop
        random = RandomSource(seed: plan.seed, stream: 0x6A7E)
    }

    /// - Parameters:
    ///   - block: its number, from 1.
    ///   - stage: to which it belongs, from 1.
    ///   - wanted: the cases to measure; the sentinels are measured always.
    /// - Returns: the lines of the block, its own last.
    /// - Throws: `GateError` for a program that fails, `StoppedError` when the stop flag is raised.
    mutating func run(_ block: Int, stage: Int, wanted: Set<Int>) throws -> [GateLine] {
        let start_ns = DispatchTime.now().uptimeNanoseconds
        let mine = cases.indices.filter { cases[$0].is_sentinel || wanted.contains($0) }
        let processors = drawProcessors()
        try sandbox.open(on: processors)
        defer { sandbox.close() }
        let first: GateRole = Bool.random(using: &random) ? .base : .head
        return try sandbox.watchingRelay {
            let programs = try GatePrograms(mine, of: cases, plan, sandbox, first: first, using: &random)
            defer { programs.end() }
            if !processors.isEmpty { bind(programs, to: processors) }
            try sandbox.hold(true)
            try warmUp(mine, programs)
            let before = KernelCounters.current()
            let calibration_ns = calibration.measure()
            let measured_ns = DispatchTime.now().uptimeNanoseconds
            let measurements = try measure(mine, programs, isBound: !processors.isEmpty)
            let now_ns = DispatchTime.now().uptimeNanoseconds
            var facts = GateBlock(
                stage: stage, block: block, spawned_first: first,
                wall_ns: now_ns - start_ns, calibration_ns: calibration_ns)
            facts.note(before, KernelCounters.current())
            facts.processors = processors
            facts.dropped =
                GateDisturbance.reason(
                    facts, measurements: measurements, measured_ns: now_ns - measured_ns)
                ?? plan.distance.flatMap {
                    GateDisturbance.reason(measurements, asked: $0.asked, cases: cases)
                }
            return measurements.map { GateLine(measurement: $0) } + [GateLine(block: facts)]
        }
    }

    /// The cases of a block in random order, those of several clients last.
    private mutating func measure(
        _ mine: [Int], _ programs: GatePrograms, isBound: Bool
    ) throws -> [GateMeasurement] {
        var measurements: [GateMeasurement] = []
        let order = mine.shuffled(using: &random)
        for caseIndex in order where cases[caseIndex].rank != .parallel {
            measurements.append(try measure(caseIndex, programs))
        }
        let parallel = order.filter { cases[$0].rank == .parallel }
        // Several clients get in each other's way only where they can run at once.
        if !parallel.isEmpty, isBound { release(programs) }
        for caseIndex in parallel { measurements.append(try measure(caseIndex, programs)) }
        return measurements
    }

    /// The processor of a block; none where there is no choice.
    private mutating func drawProcessors() -> [Int] {
        let allowed = sandbox.processors
        guard allowed.count > 1, let one = allowed.randomElement(using: &random) else { return [] }
        return [one]
    }

    /// Binds the client of all programs, and the store, to the same processor, drawn anew for each block, and the gate
    /// itself to the others.
    ///
    /// Left to the scheduler, each program settles on a processor of its own, and on a shared machine one may be slower
    /// than the other by half: what was measured then was the processor. A store on another processor than its
    /// client is woken through the hypervisor, which took several times the round trip itself.
    private func bind(_ programs: GatePrograms, to chosen: [Int]) {
        programs.bind(to: chosen)
        sandbox.bindStore(to: chosen)
        sandbox.bindDriver(to: sandbox.processors.filter { !chosen.contains($0) })
    }

    private func release(_ programs: GatePrograms) {
        programs.bind(to: sandbox.processors)
        sandbox.bindStore(to: sandbox.processors)
    }

    private mutating func warmUp(_ mine: [Int], _ programs: GatePrograms) throws {
        for round in 0..<Self.warmUpSlices {
            for caseIndex in mine.shuffled(using: &random) where round == 0 || cases[caseIndex].rank == .main
            {
                for role in GateRole.allCases.shuffled(using: &random) {
                    _ = try slice(caseIndex, role, programs)
                }
            }
        }
        for caseIndex in mine { for role in GateRole.allCases { _ = try programs.times(caseIndex, role) } }
    }

    private func slice(_ caseIndex: Int, _ role: GateRole, _ programs: GatePrograms) throws
        -> SliceProtocol.Slice
    {
        if stop.isRaised { throw StoppedError() }
        return try programs.measure(caseIndex, role)
    }

    /// The quads of one case, each ABBA or BAAB, so that a linear drift cancels.
    private mutating func measure(_ caseIndex: Int, _ programs: GatePrograms) throws -> GateMeasurement {
        var measurement = GateMeasurement(caseIndex: caseIndex)
        let hasServer = cases[caseIndex].has_server
        if hasServer { sandbox.beginDistance() }
        for _ in 0..<cases[caseIndex].quads {
            let outer: GateRole = Bool.random(using: &random) ? .base : .head
            let inner: GateRole = outer == .base ? .head : .base
            for role in [outer, inner, inner, outer] {
                let before_ns = hasServer ? sandbox.storeCPU_ns() : nil
                let slice = try slice(caseIndex, role, programs)
                let spent_ns = before_ns.flatMap { before in sandbox.storeCPU_ns().map { $0 &- before } }
                measurement.add(slice, storeCPU_ns: spent_ns, role)
            }
        }
        if hasServer, let distance = try sandbox.distanceSince() { measurement.note(distance) }
        guard measurement.base.accepted == measurement.head.accepted,
            measurement.base.refused == measurement.head.refused
        else {
            throw GateError.failed(
                "base and head decide differently in \(cases[caseIndex].name), where the trace is the same: "
                    + "compare them with authbench conform")
        }
        for role in GateRole.allCases {
            let times = try programs.times(caseIndex, role)
            (measurement[role].buckets, measurement[role].grown_bytes) = (times.buckets, times.grown_bytes)
        }
        return measurement
    }
}

/// A fixed piece of work, timed once a block: says how fast the machine was at that moment, whatever is compared.
struct GateCalibration {
    /// 4 MiB: beyond the second-level caches.
    private var memory = [UInt64](repeating: 1, count: 1 << 19)

    /// Computes and walks through memory, a few milliseconds long.
    ///
    /// - Returns: the time it took, in nanoseconds.
    mutating func measure() -> UInt64 {
        let start_ns = DispatchTime.now().uptimeNanoseconds
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<1_000_000 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            memory[Int(truncatingIfNeeded: state & 0x7FFFF)] &+= state
        }
        return DispatchTime.now().uptimeNanoseconds - start_ns
    }
}

/// The processes of one block, each with its cases loaded.
///
/// The sentinels live in two processes of the base that do nothing else, as a process that has done more finds its
/// caches and its store in another state.
struct GatePrograms {
    private let cases: [GateHeader.Case]
    private var ordinary: [GateRole: ProgramUnderTest] = [:]
    private var sentinels: [GateRole: ProgramUnderTest] = [:]
    /// The index of each case in its processes.
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
            let program = try sandbox.start(role, of: plan)
            ordinary[role] = program
            loads.append(Load(program: program, cases: kinds[0], folder: role.rawValue))
        }
        for role in kinds[1].isEmpty ? [] : GateRole.allCases {
            let program = try sandbox.start(.base, of: plan)
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
