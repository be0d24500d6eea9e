import AuthCore
import AuthResults
import AuthStatistics
import AuthVerdict
import Backends
import Foundation

extension GateEvaluation {
    /// The verdict of the gate, for people and machines.
    package var report: VerdictReport {
        let header = recording.header
        return VerdictReport(
            title: "gate", base: header.title(.base), head: header.title(.head),
            rows: entries.map { row($0) } + counts.map { row($0) } + recording.instructions.map(\.row)
                + header.unpaired.map(unpaired),
            findings: findings, notes: notes)
    }

    private func row(_ entry: Entry) -> VerdictRow {
        let header = recording.header
        let item = header.cases[entry.caseIndex]
        var row = VerdictRow(
            strategy: item.strategy, workload: "gate", operation: item.operation, clients: item.clients,
            metric: entry.metric.name.rawValue, verdict: .notGated)
        guard let finding = entry.finding else {
            row.why =
                "\(Self.requests(entry.caseIndex, header)) requests in stage 1, and \(entry.metric.least_requests) are needed"
            return row
        }
        let blocks = (finding.stage == 1 ? 1...1 : 2...finding.stage).flatMap { recording.kept(stage: $0) }
        let sides = blocks.compactMap { $0.cases[entry.caseIndex] }
        // By the estimator of the change, and the head by the change itself: the medians of both sides are of different
        // blocks where there are two kinds of them, and said +1 % beside a change of +89 %.
        let base = HodgesLehmann(sides.compactMap { $0.value(entry.metric.name, of: .base) }.map { log($0) })
        row.base = base.map { exp($0.estimate) }
        row.head = finding.effect.flatMap { effect in row.base.map { $0 * exp(effect) } }
        row.change = finding.effect.map { exp($0) - 1 }
        row.interval = finding.interval95.map {
            Interval(low: exp($0.low) - 1, high: exp($0.high) - 1)
        }
        row.p = finding.p
        row.adjusted_p = finding.adjusted_p
        row.n = finding.blocks
        row.sigma_b = finding.sigma_b
        row.mde = detectable(entry).map { exp($0) - 1 }
        row.stage = finding.stage
        (row.verdict, row.why) = verdict(finding)
        if row.verdict == .regression {
            row.why += spread(sides.compactMap { $0.logRatio(entry.metric.name) }, finding)
        }
        return row
    }

    /// What the change is made of, where it is not about the same in all blocks.
    private func spread(_ logRatios: [Double], _ finding: StagedTest.Finding) -> String {
        let sorted = logRatios.sorted()
        guard sorted.count >= 4, let effect = finding.effect else { return "" }
        let (low, high) = (sorted[sorted.count / 4], sorted[sorted.count * 3 / 4])
        guard high - low > abs(effect) / 2 else { return "" }
        return
            ", by \(VerdictText.percent(exp(low) - 1)) to \(VerdictText.percent(exp(high) - 1)) in the middle half"
            + " of the blocks"
    }

    private func verdict(_ finding: StagedTest.Finding) -> (VerdictRow.Verdict, String) {
        switch finding.outcome {
        case .passed: (finding.isImprovement ? .improvement : .pass, "")
        case .regression: (.regression, "slower in stage \(finding.stage)")
        case .inconclusive: (.inconclusive, "too noisy to tell in \(finding.blocks) blocks")
        case .open(let stage): (.inconclusive, "stage \(stage) got no blocks: \(recording.whyItEnded)")
        }
    }

    private func unpaired(_ one: GateHeader.Unpaired) -> VerdictRow {
        VerdictRow(
            strategy: one.strategy, workload: "gate", operation: "", clients: 1,
            metric: "",
            verdict: .notGated, why: one.only_in == .head ? "new in the head" : "gone from the head")
    }

    /// What makes the whole gate inconclusive.
    private var findings: [VerdictReport.Finding] {
        var findings = sentinels.filter(\.isBiased).map { one in
            VerdictReport.Finding(
                .inconclusive,
                "the gate is biased: \(one.name) differs from itself by \(VerdictText.percent(one.effect)), "
                    + "p \(one.p.formatted(digits: 5))")
        }
        if recording.isDisturbed {
            findings.append(
                .init(
                    .inconclusive,
                    "the machine was disturbed: \(recording.dropped) of \(recording.blocks.count) blocks were dropped, "
                        + "the last because \(recording.blocks.last { $0.facts.dropped != nil }?.facts.dropped ?? "")"
                ))
        }
        return findings
    }

    var sentinels: [GateSentinel] {
        recording.header.cases.indices.filter { recording.header.cases[$0].is_sentinel }
            .compactMap { GateSentinel(recording, caseIndex: $0) }
    }
}

extension GateHeader {
    /// What a side is called above the table; commands are too long for that.
    fileprivate func title(_ role: GateRole) -> String {
        let program = role == .base ? base : head
        return target == nil ? program.file.printable : role.rawValue
    }

    /// What was compared over HTTP, if anything was.
    fileprivate var targetNotes: [(String, String)] {
        guard let target else { return [] }
        return [
            ("servers", "\(target.url.printable), started anew in each block; cpu_ns is theirs"),
            ("base", base.file.printable), ("head", head.file.printable),
        ]
    }
}

extension GateRecording {
    package var dropped: Int { blocks.count { $0.facts.dropped != nil } }

    /// Whether too many blocks were dropped; a few are never too many.
    package var isDisturbed: Bool {
        Double(dropped) > GateDisturbance.greatestShare
            * Double(max(blocks.count, header.rules.blocks.first ?? 0))
    }

    var whyItEnded: String {
        switch end?.reason {
        case .budget: "the budget of \(header.budget_s.formatted(digits: 0)) s was spent"
        case .disturbed: "the machine was disturbed"
        case .decided, nil: "not measured"
        }
    }
}

extension GateEvaluation {
    /// The machine line: how quiet it was, and by which numbers the run can be repeated.
    var notes: [(name: String, value: String)] {
        let header = recording.header
        let blocks = header.rules.blocks.indices.map { recording.kept(stage: $0 + 1).count }
        var notes = [
            ("machine", "\(header.cpu_model ?? "unknown processor"), \(header.cores) cores"),
            ("blocks", blocks.map(String.init).joined(separator: " + ") + ", \(recording.dropped) dropped"),
            ("slices above 1.05 x median", percent(recording.contamination)),
            ("drift", percent(recording.drift)),
            ("steal", percent(recording.greatestSteal)),
        ]
        if let distance = recording.distanceText { notes.append(("store", distance)) }
        notes += sentinels.map { one in
            (
                "base against itself",
                "\(one.name) \(VerdictText.percent(one.effect)), p \(one.p.formatted(digits: 3)), n \(one.blocks)"
            )
        }
        notes += header.targetNotes
        if header.isSelfComparison {
            let what = header.target == nil ? "bytes" : "command"
            notes.append(("programs", "the same \(what) on both sides"))
        }
        notes.append(("seed", String(header.seed)))
        if let end = recording.end {
            notes.append(("time", (Double(end.wall_ns) / 1e9).formatted(digits: 0) + " s"))
        }
        return notes.map { (name: $0.0, value: $0.1) }
    }

    private func percent(_ share: Double?) -> String {
        share.map { ($0 * 100).formatted(digits: 1) + " %" } ?? "unknown"
    }
}

extension GateRecording {
    /// The share of slices more than 5 % above the median of their side, case and block.
    var contamination: Double? {
        var (slow, all) = (0, 0)
        for block in blocks {
            for own in block.measurements.flatMap({ one in GateRole.allCases.map(one.slices_ns) }) {
                guard let median = QuantileRule.median(own.map { Double($0) }) else { continue }
                slow += own.count { Double($0) > 1.05 * median }
                all += own.count
            }
        }
        return all > 0 ? Double(slow) / Double(all) : nil
    }

    /// The standard deviation of the calibration from block to block, of its logarithm.
    var drift: Double? {
        let logs = blocks.map { log(Double(max(1, $0.facts.calibration_ns))) }
        guard logs.count > 1 else { return nil }
        let mean = logs.reduce(0, +) / Double(logs.count)
        return (logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count - 1)).squareRoot()
    }

    /// How far away the store was to be, and was; `nil` where it was asked directly.
    fileprivate var distanceText: String? {
        guard let asked_ns = header.store_rtt_asked_ns else { return nil }
        let all = blocks.filter { $0.facts.dropped == nil }.flatMap(\.measurements)
        let was_ns = QuantileRule.median(all.compactMap { $0.store_rtt_p50_ns.map { Double($0) } })
        let asked = "\(TextTable.time(asked_ns)) away asked (--store-rtt)"
        guard let was_ns else { return asked }
        let late_ns = all.compactMap(\.store_rtt_p99_ns).max()
        return asked + ", \(TextTable.time(UInt64(was_ns))) reached; p99 at most \(TextTable.time(late_ns))"
    }

    var greatestSteal: Double? { blocks.compactMap(\.facts.steal_share).max() }
}

/// A case in which the base was measured against a second process of itself: whatever it shows is the gate's own bias.
struct GateSentinel {
    /// A bias that matters, as a share.
    static let greatestEffect = 0.01
    static let level = 0.001

    let name: String
    let effect: Double
    let p: Double
    let blocks: Int

    /// Of all blocks that count; `nil` without any.
    init?(_ recording: GateRecording, caseIndex: Int) {
        let kept = recording.blocks.filter { $0.facts.dropped == nil }
        let logRatios = GateRecording.logRatios(kept, caseIndex, .time_ns)
        guard let location = HodgesLehmann(logRatios) else { return nil }
        name = recording.header.cases[caseIndex].name
        effect = exp(location.estimate) - 1
        p = SignedRank(logRatios).pTwoSided
        blocks = logRatios.count
    }

    var isBiased: Bool { abs(effect) >= Self.greatestEffect && p < Self.level }
}

/// When a block says nothing of either program because the machine was taken away from both.
///
/// Decided without looking at the ratio of the sides, and for all cases together, so that no choice of blocks can
/// favour one side.
package enum GateDisturbance {
    /// The share of all blocks that may be dropped; with more the machine is unfit.
    package static let greatestShare = 0.25
    private static let greatestSteal = 0.10
    private static let greatestThrottling = 0.01
    /// A slice this many times its case's median, on both sides, is a machine that stood still.
    private static let standstill = 100.0

    /// - Parameters:
    ///   - block: what the kernel counted.
    ///   - measurements: all of the block.
    ///   - measured_ns: how long its slices took together.
    /// - Returns: why the block must be dropped, if so.
    package static func reason(_ block: GateBlock, measurements: [GateMeasurement], measured_ns: UInt64)
        -> String?
    {
        if let throttled_ns = block.throttled_ns,
            Double(throttled_ns) > greatestThrottling * Double(measured_ns)
        {
            return "throttled by the control group's processor limit"
        }
        if let steal = block.steal_share, steal > greatestSteal {
            return "the hypervisor gave the processors away"
        }
        if let pages = block.swapped_in_pages, pages > 0 { return "memory was read back from swap" }
        let stood = measurements.contains { own in
            guard let median = QuantileRule.median(own.wall_ns.map { Double($0) }) else { return false }
            return GateRole.allCases.allSatisfy { role in
                own.slices_ns(role).contains { Double($0) > standstill * median }
            }
        }
        return stood ? "the machine stood still on both sides" : nil
    }

    /// - Parameters:
    ///   - measurements: all of a block.
    ///   - asked: how far away the store was to be.
    ///   - cases: those of the gate.
    /// - Returns: why the block must be dropped, if so: the store was nearer or farther away in one of the cases.
    package static func reason(
        _ measurements: [GateMeasurement], asked: StoreRTT, cases: [GateHeader.Case]
    ) -> String? {
        measurements.lazy.compactMap { one in
            StoreDistance(asked_ns: asked.time_ns, p50_ns: one.store_rtt_p50_ns).fault
                .map { "in \(cases[one.caseIndex].name) \($0)" }
        }.first
    }
}
