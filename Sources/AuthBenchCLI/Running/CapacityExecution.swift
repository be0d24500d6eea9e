import AuthCore
import AuthResults
import AuthStatistics

/// Searches the capacities of several strategies in turns, so that a busy moment of the machine meets all of them.
struct CapacityExecution {
    var capacity: CapacityPlan
    var plan: SweepPlan
    var strategies: [String]
    var workload: Workload
    /// How long a probe measures at least; `nil` for the usual time.
    var least_s: Double?
    /// How many requests the objectives need.
    var samples: UInt64

    private static let usual_s = 2.0
    /// Longer probes would make a search of a slow strategy endless.
    private static let longest_s = 60.0
    private static let confirmationFactor = 3.0
    /// Poisson arrivals, and some that are no `authenticate`, leave some less than the mean.
    private static let spare = 1.2

    /// Searches until each strategy has its answer.
    func run(_ series: ExperimentSeries) throws {
        try series.note(capacity)
        var searches = Dictionary(uniqueKeysWithValues: strategies.map { ($0, capacity.search) })
        var random = RandomSource(seed: workload.seed, stream: 0x53EF)
        var number = 0
        while searches.values.contains(where: { $0.next != nil }) {
            for strategy in strategies.shuffled(using: &random) {
                guard let probe = searches[strategy]?.next else { continue }
                number += 1
                // About ten probes find a rate; nobody knows better before.
                series.planned = max(number, 10 * strategies.count)
                searches[strategy]?.note(
                    try answer(self.experiment(strategy, probe, number: number), of: strategy, series))
                try series.writeTables()
            }
        }
    }

    /// What the first probe runs, to be checked before anything begins.
    var firstProbe: Experiment? {
        capacity.search.next.map { experiment(strategies.first ?? "", $0, number: 1) }
    }

    private func experiment(
        _ strategy: String, _ probe: CapacitySearch.Probe, number: Int
    ) -> Experiment {
        let point = SweepTable.Point(
            .rate, SweepValues.number(probe.perSecond), value: probe.perSecond, stage: probe.stage.rawValue)
        let duration_s = duration_s(at: probe.perSecond)
        return plan.probe(
            strategy, beside: capacity.baseline, number: number, point,
            duration_s: probe.stage == .confirm ? duration_s * Self.confirmationFactor : duration_s)
    }

    /// Long enough for the quantiles, in whole seconds where it is more than asked for.
    private func duration_s(at perSecond: Double) -> Double {
        let share = max(0.01, workload.mix[.authenticate])
        let needed_s = Double(samples) * Self.spare / (perSecond * share)
        let least_s = least_s ?? Self.usual_s
        return needed_s <= least_s ? least_s : max(least_s, min(Self.longest_s, needed_s.rounded(.up)))
    }

    private func answer(
        _ experiment: Experiment, of strategy: String, _ series: ExperimentSeries
    ) throws -> CapacitySearch.Answer {
        // Errors are an objective: a run that has some is a result like another.
        let outcome = try series.run(
            experiment, accepting: ExperimentSeries.results.union([ExitStatus.runtime]))
        guard let folder = outcome.folders.first, let point = experiment.point else {
            throw CommandError.runtime("\(experiment.commandLine): it wrote no result")
        }
        let rows = SweepTable.rows(ResultReader(folder), experiment: experiment.name, at: point)
        do throws(ResultError) { return try capacity.answer(rows, of: strategy) } catch {
            throw CommandError.badData("\(folder.path): \(error)")
        }
    }
}
