import AuthStatistics

/// One metric of one case, as a base and a head have it, and what may be said of the difference.
package struct VerdictRow: Sendable, Equatable {
    /// What may be said; those that judge a difference count for the verdict of the whole.
    package enum Verdict: String, Sendable, Codable, CaseIterable {
        /// Proved not to be worse by the tolerance.
        case pass
        /// Proved to be better.
        case improvement
        /// Proved to be worse.
        case regression
        /// Neither proved worse nor proved not to be.
        case inconclusive
        /// Shown, and never counted.
        case advisory
        /// Nothing to compare it with: a strategy that is new or gone, for instance.
        case notGated = "not gated"
        /// The head decides wrongly, whatever its speed.
        case wrong
    }

    package var strategy: String
    package var workload: String
    /// Empty where the metric is of all operations.
    package var operation: String
    package var clients: Int
    /// With its unit, as in a file: `p99_ns`, `cpu_us_per_op`, `throughput` (operations per second).
    package var metric: String
    package var base: Double?
    package var head: Double?
    /// The ratio of head to base, less 1: 0.05 is 5 % more.
    package var change: Double?
    /// Of the change, 95 %.
    package var interval: Interval?
    package var p: Double?
    /// After Holm, over all that was tested together.
    package var adjusted_p: Double?
    /// Pairs of repeats or blocks.
    package var n: Int?
    /// The robust standard deviation of the log-ratio of one pair.
    package var sigma_b: Double?
    /// The least change that would have been found, as a fraction.
    package var mde: Double?
    /// Of a gate: in which stage it was decided.
    package var stage: Int?
    package var verdict: Verdict
    /// In one phrase; empty where the numbers say it.
    package var why: String

    package init(
        strategy: String, workload: String, operation: String, clients: Int, metric: String,
        base: Double? = nil, head: Double? = nil, change: Double? = nil, interval: Interval? = nil,
        p: Double? = nil, adjusted_p: Double? = nil, n: Int? = nil, sigma_b: Double? = nil,
        mde: Double? = nil, stage: Int? = nil, verdict: Verdict, why: String = ""
    ) {
        self.strategy = strategy
        self.workload = workload
        self.operation = operation
        self.clients = clients
        self.metric = metric
        self.base = base
        self.head = head
        self.change = change
        self.interval = interval
        self.p = p
        self.adjusted_p = adjusted_p
        self.n = n
        self.sigma_b = sigma_b
        self.mde = mde
        self.stage = stage
        self.verdict = verdict
        self.why = why
    }

    /// What it is about, for a line of text.
    var subject: String {
        [strategy, operation, metric].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension VerdictRow.Verdict {
    /// The gravest first, as tables list them.
    static let byGravity: [Self] = [
        .wrong, .regression, .inconclusive, .improvement, .pass, .advisory, .notGated,
    ]

    var gravity: Int { Self.byGravity.firstIndex(of: self) ?? 0 }

    /// Whether the difference was judged, so that it counts for the whole.
    var isJudged: Bool { [.pass, .improvement, .regression, .inconclusive].contains(self) }
}
