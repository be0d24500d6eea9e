import AuthStatistics
import Foundation

extension GateEvaluation {
    /// The verdict of the gate, for people and machines.
    package var report: VerdictReport {
        let header = recording.header
        return VerdictReport(
            title: "gate", base: header.base.file, head: header.head.file,
            rows: entries.map { row($0) } + counts.map { row($0) } + recording.instructions.map(\.row)
                + header.unpaired.map(unpaired),
            findings: findings, notes: notes)
    }

    private func row(_ entry: Entry) -> VerdictRow {
        let header = recording.header
        let cell = header.cells[entry.cell]
        var row = VerdictRow(
            strategy: cell.strategy, workload: "gate", operation: cell.operation, clients: cell.clients,
            metric: entry.metric.name.rawValue, verdict: .notGated)
        guard let finding = entry.finding else {
            row.why =
                "\(Self.requests(entry.cell, header)) requests in stage 1, of \(entry.metric.least_requests) that are needed"
            return row
        }
        let blocks = (finding.stage == 1 ? 1...1 : 2...finding.stage).flatMap { recording.kept(stage: $0) }
        let sides = blocks.compactMap { $0.cells[entry.cell] }
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
        case .inconclusive: (.inconclusive, "too noisy to say in \(finding.blocks) blocks")
        case .open(let stage): (.inconclusive, "no blocks for stage \(stage): \(recording.whyItEnded)")
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
        recording.header.cells.indices.filter { recording.header.cells[$0].is_sentinel }
            .compactMap { GateSentinel(recording, cell: $0) }
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
