import AuthHarness
import AuthStatistics
import AuthVerdict

/// What is counted and not timed: commands to the store, and memory that is not given back, for each operation.
///
/// Both sides replay the same trace from the same start, so where nothing depends on who comes first a count is the same
/// in every block, and any difference is the program's. It needs no repetition and no share of the chance of a false
/// alarm; what does vary from block to block must differ by more, and in every block.
struct GateCount {
    enum Kind: String, CaseIterable {
        case commands = "store_commands"
        case memory = "memory_bytes"
    }

    /// A leak of the smallest object: what an allocator gives takes 32 bytes, so half of the operations leak one.
    static let leastLeak_bytes = 16.0
    /// What caches and the allocator's own lists of a process differ by, in a block, whatever is done.
    static let slack_bytes = 24_576.0
    /// The share of the commands that is worth naming where their number varies: a retry that came or did not.
    static let leastShare = 0.01
    /// As often as noise alone would have one sign in a hundred gates of a hundred cases.
    static let leastBlocks = 8

    let caseIndex: Int
    let kind: Kind
    /// For each operation, the median of all blocks.
    let base: Double
    let head: Double
    let blocks: Int
    /// Whether it was the same in every block, so that nothing about the machine can make it doubtful.
    let isExact: Bool
    let verdict: VerdictRow.Verdict
    let why: String

    /// - Returns: `nil` where nothing was counted on either side, or no block counts.
    init?(_ recording: GateRecording, caseIndex: Int, _ kind: Kind) {
        let operations = Double(recording.header.cases[caseIndex].operationsPerSide)
        // What disturbs a machine sends no command.
        let counts = recording.blocks.filter { kind == .commands || $0.facts.dropped == nil }
            .compactMap { block in block.measurements.first { $0.caseIndex == caseIndex } }
            .map {
                (base: Self.count(kind, $0.base) / operations, head: Self.count(kind, $0.head) / operations)
            }
        guard let base = QuantileRule.median(counts.map(\.base)),
            let head = QuantileRule.median(counts.map(\.head)),
            kind == .memory || base > 0 || head > 0
        else { return nil }
        (self.caseIndex, self.kind, self.base, self.head, blocks) = (
            caseIndex, kind, base, head, counts.count
        )
        isExact = kind == .commands && counts.allSatisfy { $0 == counts[0] }
        (verdict, why) =
            kind == .commands
            ? Self.judgedCommands(counts) : Self.judgedMemory(counts, operations: operations)
    }

    private static func count(_ kind: Kind, _ side: GateMeasurement.Side) -> Double {
        kind == .commands ? Double(side.store_commands) : Double(side.grown_bytes)
    }

    private typealias Judgement = (VerdictRow.Verdict, String)

    private static func judgedCommands(_ counts: [(base: Double, head: Double)]) -> Judgement {
        guard let first = counts.first else { return (.pass, "") }
        if counts.allSatisfy({ $0 == first }) {
            if first.head > first.base { return (.regression, "more commands, the same in every block") }
            return (first.head < first.base ? .improvement : .pass, "")
        }
        let isMore = counts.map { $0.head > $0.base * (1 + leastShare) }
        if counts.count >= leastBlocks, isMore.allSatisfy(\.self) {
            return (.regression, "more commands in every block")
        }
        let isOften = isMore.count { $0 } * 2 > counts.count
        return isOften ? (.inconclusive, "more commands, but not in every block") : (.pass, "")
    }

    private static func judgedMemory(
        _ counts: [(base: Double, head: Double)], operations: Double
    ) -> Judgement {
        let leak_bytes = max(leastLeak_bytes, slack_bytes / operations)
        let isMore = counts.map { $0.head - $0.base > leak_bytes }
        if counts.count >= leastBlocks, isMore.allSatisfy(\.self) {
            return (.regression, "memory is not given back, in every block")
        }
        let isOften = isMore.count { $0 } * 2 > counts.count
        return isOften ? (.inconclusive, "more memory was kept, but not in every block") : (.pass, "")
    }
}

extension GateEvaluation {
    /// What was counted, of all cases but the sentinels and those of several clients.
    var counts: [GateCount] {
        recording.header.cases.indices.filter {
            !recording.header.cases[$0].is_sentinel && recording.header.cases[$0].rank.isCounted
        }.flatMap { caseIndex in
            // Over HTTP both sides have one program for a client, whose memory says nothing of the servers.
            GateCount.Kind.allCases.filter { $0 == .commands || recording.header.target == nil }
                .compactMap { GateCount(recording, caseIndex: caseIndex, $0) }
        }
    }

    func row(_ count: GateCount) -> VerdictRow {
        let item = recording.header.cases[count.caseIndex]
        return VerdictRow(
            strategy: item.strategy, workload: "gate", operation: item.operation,
            clients: item.clients, metric: count.kind.rawValue, base: count.base,
            head: count.head,
            change: count.kind == .commands && count.base > 0 ? count.head / count.base - 1 : nil,
            n: count.isExact ? nil : count.blocks, verdict: count.verdict, why: count.why)
    }
}
