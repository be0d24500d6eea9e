import ArgumentParser
import AuthCore
import AuthResults
import Foundation

/// `authbench sweep` varies one thing and holds the rest, or searches the highest rate that keeps objectives.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Measures at several values of one thing, or finds the rate that a strategy carries.",
        discussion: """
            Each value is a run of its own, whose command line stands in series.json. The values come in random \
            order, and the strategies too. What is finished is kept: --resume goes on after a stop.

            WHAT --over VARIES:
              rate             Requests per second.
              clients          Clients at the same time. With six values or more, 1 among
                               them, the Universal Scalability Law is fitted.
              population       Sessions that exist.
              payload          Bytes of claims of your own in every token.
              store-rtt        The distance to the store, such as 1ms, or direct.
              cache            How long a strategy goes by a copy: its parameter @cache.
              access-lifetime  How long an access token lives: its parameter @access.

            WITH --objective:
              The rate is doubled until an objective breaks. Then the gap is halved to 5 %,
              and what held is confirmed in a run three times as long. The strategy that
              does nothing runs beside each. What it cannot keep either is the limit of
              those who send the requests, and no strategy is blamed for it.

            EXAMPLES:
              authbench sweep browse --over clients 1..32 x2 --strategy redis
              authbench sweep --over store-rtt direct,200us,1ms --strategy sessions
              authbench sweep --over access-lifetime 1m,5m,15m --strategy hybrid
              authbench sweep browse --objective "p99 <= 5ms" --strategy redis
              authbench sweep --resume results/latest-sweep
            """)

    @OptionGroup var workload: WorkloadOptions

    @OptionGroup var strategies: StrategyOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "What to vary, and its values: a list (rate 100,200,400) or a range with a step (rate 100..10000 x2, or +100). With --objective, the rates to search among (rate 100..10000).",
            valueName: "what values"))
    var over: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "What a rate must keep: p50, p90, p99 or p999 of authenticate, as \"p99 <= 5ms\", with service or response (the default) before it, or \"errors <= 0.1%\". Repeat the option for several.",
            valueName: "objective"))
    var objective: [String] = []

    @OptionGroup var length: LengthOptions

    @OptionGroup var stores: StoreOptions

    @OptionGroup var distances: DistancesOptions

    @OptionGroup var series: SeriesOptions

    @OptionGroup var results: ResultOptions

    func run() throws {
        if try series.carriedOutAgain("sweep", Self.self) { return }
        try length.check()
        guard try distances.distances().count < 2 else {
            throw CommandError.usage("--store-rtt has several distances: vary them with --over store-rtt")
        }
        objective.isEmpty ? try sweep() : try search()
    }
}

extension SweepCommand {
    private func sweep() throws {
        let values = try SweepValues(over)
        let chosen = try strategies.selected()
        let plan = try SweepPlan(SeriesOptions.options, values.quantity, chosen)
        let workload = try workload.resolve()
        let series = try series.series("sweep", title: workload.name, results)
        defer { series.end() }
        var random = RandomSource(seed: workload.seed, stream: 0x53EE)
        let experiments = try values.points.shuffled(using: &random).map { point in
            let experiment = plan.experiment(point, claims: try claims(point, values.quantity, in: series))
            try Self.check(experiment)
            return experiment
        }
        series.planned = experiments.count
        series.expected_s =
            ((length.duration ?? 1) + length.warmUp) * Double(length.repeats * chosen.count) + 1
        var disturbed: String?
        for experiment in experiments {
            let outcome = try series.run(experiment)
            try series.writeTables()
            if outcome.status != ExitStatus.success { disturbed = disturbed ?? outcome.message }
        }
        try show(series)
        if let disturbed { throw CommandError(status: ExitStatus.notValid, message: disturbed) }
    }

    private func show(_ series: ExperimentSeries) throws {
        let rows = try SweepTable.rows(series.record, in: series.folder)
        let levels = ScalabilityTable.rows(rows)
        try results.show(rows, SweepTable.columns) {
            SweepText.text(rows) + (levels.isEmpty ? "" : "\n" + SweepText.text(levels))
        }
        results.tell(series.folder)
    }

    /// Refuses a command line that `run` would refuse, before anything is measured.
    static func check(_ experiment: Experiment) throws {
        let command = try RunCommand.parse(Array(experiment.arguments.dropFirst()))
        try command.plan().checkRotation()
    }

    /// Writes the claims of a point, where these are varied.
    ///
    /// - Returns: the path of the file; `nil` without claims.
    private func claims(
        _ point: SweepTable.Point, _ quantity: SweepTable.Quantity, in series: ExperimentSeries
    ) throws -> String? {
        guard quantity == .payload, let value = point.value, value > 0 else { return nil }
        let bytes = Int(value)
        guard PaddedClaims.least_bytes...OwnClaims.longest_bytes ~= bytes else {
            throw CommandError.usage(
                "--over payload has \(point.text): give 0, or \(PaddedClaims.least_bytes) to \(OwnClaims.longest_bytes) bytes"
            )
        }
        let name = "claims-\(bytes).json"
        try series.write(PaddedClaims.json(bytes: bytes) + "\n", to: name)
        return series.folder.appendingPathComponent(name).path
    }
}

extension SweepCommand {
    /// From this rate on a probe of some seconds has enough requests for a p99.
    private static let firstRate = 1000.0
    private static let usualRates = 10.0...1e7

    private func search() throws {
        let objectives: [Objective]
        do throws(ResultError) { objectives = try Objective.all(objective) } catch {
            throw CommandError.usage("--objective \(error)")
        }
        guard length.operations == nil else {
            throw CommandError.usage("--operations and --objective exclude each other: give --duration")
        }
        var rates = Self.usualRates
        if !over.isEmpty {
            guard try SweepValues.quantity(over) == .rate, over.count == 2 else {
                throw CommandError.usage(
                    "--objective searches among rates: write --over rate 100..10000, or leave --over out")
            }
            rates = try SweepValues.ends(over[1], .rate)
        }
        guard let baseline = Registry.baseline else {
            throw CommandError.usage(
                "--objective needs a strategy that does nothing, and this program has none")
        }
        let chosen = try strategies.selected().filter { $0.descriptor.id != baseline }
        guard !chosen.isEmpty else {
            throw CommandError.usage("--objective needs a strategy that decides something: choose another")
        }
        let start = over.isEmpty ? Self.firstRate : rates.lowerBound
        let capacity = CapacityPlan(objectives: objectives, start: start, rates: rates, baseline: baseline)
        let plan = try SweepPlan(SeriesOptions.options, .rate, chosen)
        let workload = try workload.resolve()
        let execution = CapacityExecution(
            capacity: capacity, plan: plan, strategies: chosen.map { $0.descriptor.id }, workload: workload,
            least_s: length.duration, samples: objectives.map(\.samples).max() ?? 0)
        if let first = execution.firstProbe { try Self.check(first) }
        let series = try series.series("sweep", title: workload.name, results)
        defer { series.end() }
        try execution.run(series)
        try finish(series, capacity)
    }

    private func finish(_ series: ExperimentSeries, _ capacity: CapacityPlan) throws {
        let rows = try SweepTable.rows(series.record, in: series.folder)
        let found = try CapacityTable.rows(rows, capacity)
        try results.show(found, CapacityTable.columns) { SweepText.text(found) }
        results.tell(series.folder)
        let lost = found.first { !$0.isFound && ($0.limit == .generator || $0.limit == .machine) }
        if let lost {
            throw CommandError(
                status: ExitStatus.notValid,
                message:
                    "the capacity of \(lost.strategy) is not found, the \(lost.limit.rawValue) is the limit: \(lost.why)"
            )
        }
    }
}

extension ExperimentSeries {
    /// Writes the tables of a sweep, from the files of the experiments so far.
    func writeTables() throws {
        do {
            for (schema, text) in try record.sweepFiles(in: folder) { try write(text, to: schema.file) }
        } catch let error as ResultError {
            throw CommandError.badData("\(folder.path): \(error)")
        }
    }
}
