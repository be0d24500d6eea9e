import ArgumentParser
import AuthCore
import AuthDecision
import AuthResults
import Foundation

/// `authbench advise` says which strategies meet requirements, from measured rows alone.
struct AdviseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise",
        abstract:
            "Says which strategies meet your requirements, what each costs, and what would change the answer.",
        discussion: """
            The requirements are a JSON file, options, or both: an option wins. Without --results it measures what it \
            needs first. With --results it measures nothing: what no row speaks to is unknown, and never guessed.

            EXAMPLES:
              authbench advise --example > requirements.json
              authbench advise requirements.json
              authbench advise --stores redis --store-rtt 0.8ms --logout-within 1m
              authbench advise requirements.json --results results/latest
            """)

    @Argument(help: "A JSON file of requirements.")
    var file: String?

    @Flag(help: "Prints a file with every requirement and what it means.")
    var example = false

    @OptionGroup(title: "Requirements") var requirements: RequirementOptions

    @Option(
        help: ArgumentHelp(
            "A result folder of run, exposure or outage to go by. Repeat the option for several.",
            valueName: "folder"))
    var results: [String] = []

    @Option(
        help: ArgumentHelp(
            "A strategy to measure, as in `run`. Repeat the option for several (default: those whose stores are at hand).",
            valueName: "name"))
    var strategy: [String] = []

    @Option(help: "How the answer is printed: a Markdown file is a decision record as MADR has it.")
    var format = AdviceFormat.table

    @Option(help: ArgumentHelp("Makes the folder with what is measured in this folder.", valueName: "folder"))
    var out = "results"

    @OptionGroup var series: SeriesOptions

    @Flag(name: .shortAndLong, help: "Prints no progress.")
    var quiet = false

    func run() throws {
        guard !example else { return try Console.output(Requirements.example) }
        if try series.carriedOutAgain("advise", Self.self) { return }
        let wanted = try wanted()
        guard results.isEmpty || (strategy.isEmpty && series.resume == nil) else {
            throw CommandError.usage("--results measures nothing: leave out --strategy and --resume")
        }
        guard results.isEmpty else {
            let answer = try answer(wanted, results.map { URL(fileURLWithPath: $0) })
            return try Console.output(try format.text(answer.advice, command: answer.command))
        }
        let series = try series.series("advise", title: "browse", out: out, isQuiet: quiet)
        defer { series.end() }
        let answer = try answer(wanted, try measure(wanted, series))
        try series.write(
            try AdviceFormat.json.text(answer.advice, command: answer.command), to: Self.adviceFile)
        try Console.output(try format.text(answer.advice, command: answer.command))
    }

    /// For `make report ADVICE=…`.
    private static let adviceFile = "advice.json"

    /// What the rows say, and the command that says it again.
    private func answer(
        _ wanted: Requirements, _ folders: [URL]
    ) throws -> (advice: Advice, command: String) {
        var measured: Evidence
        do throws(ResultError) { measured = try Evidence(folders) } catch {
            throw CommandError.badData("--results \(error)")
        }
        measured.traits = try measured.traits(among: Registry.strategies)
        let command = Shell.line(
            ["authbench", "advise"] + wanted.arguments + folders.flatMap { ["--results", $0.relativePath] })
        return (Advice(wanted, measured, measured.traits), command)
    }

    private func wanted() throws -> Requirements {
        var wanted = Requirements()
        if let file {
            let data: Data
            do { data = try Data(contentsOf: URL(fileURLWithPath: file)) } catch {
                throw CommandError.badData("\(file) cannot be read: \(error.reason)")
            }
            do throws(RequirementError) { wanted = try Requirements(json: data) } catch {
                throw CommandError.badData("\(file): \(error)")
            }
        }
        do throws(RequirementError) {
            for key in RequirementKey.allCases {
                if let text = requirements[key] { try wanted.set(key, text) }
            }
            try wanted.check()
        } catch { throw CommandError.usage("\(error)") }
        guard !wanted.texts.isEmpty else {
            throw CommandError.usage(
                "there is no requirement: name a file or an option (authbench advise --example)")
        }
        return wanted
    }

    /// Measures what the requirements speak of.
    private func measure(_ wanted: Requirements, _ series: ExperimentSeries) throws -> [URL] {
        let plan = AdvicePlan(wanted, strategies: strategy.isEmpty ? AdvicePlan.candidates(wanted) : strategy)
        series.expected_s = 60
        try hold(wanted, series)
        for (name, text) in plan.files { try series.write(text, to: name) }
        let experiments = plan.experiments(in: series.folder)
        series.planned = experiments.count
        return try experiments.flatMap { try series.run($0).folders }
    }

    private static let requirementsFile = "requirements.json"

    /// Holds in the folder what is asked; a series that is gone on with must ask the same.
    private func hold(_ wanted: Requirements, _ series: ExperimentSeries) throws {
        guard let resume = self.series.resume else {
            return try series.write(try wanted.json, to: Self.requirementsFile)
        }
        func refusal(_ text: String) -> CommandError {
            CommandError.badData("--resume \(resume): \(text): measure again without --resume")
        }
        let file = series.folder.appendingPathComponent(Self.requirementsFile)
        let held: Requirements
        do { held = try Requirements(json: Data(contentsOf: file)) } catch let error as RequirementError {
            throw refusal("\(Self.requirementsFile): \(error)")
        } catch { throw refusal("\(Self.requirementsFile) cannot be read: \(error.reason)") }
        let changed = RequirementKey.allCases.first { held.texts[$0] != wanted.texts[$0] }
        guard let changed else { return }
        throw refusal(
            "it was begun with \(changed.rawValue) \(held.texts[changed] ?? "left out"), which is now \(wanted.texts[changed] ?? "left out")"
        )
    }
}

extension AdviceFormat: ExpressibleByArgument {}

extension Requirements {
    /// The options that say the same.
    fileprivate var arguments: [String] {
        RequirementKey.allCases.flatMap { key in
            texts[key].map { ["--" + key.option, $0] } ?? []
        }
    }
}

/// Which experiments answer requirements.
struct AdvicePlan {
    private static let claimsFile = "claims.json"
    private static let workloadFile = "requests.json"
    private static let signInsFile = "sign-ins.json"
    /// The share of sign-ins in the workload `browse`.
    private static let usualSignIns = 0.001
    private let wanted: Requirements
    private let strategies: [String]

    init(_ wanted: Requirements, strategies: [String]) {
        (self.wanted, self.strategies) = (wanted, strategies)
    }

    /// Strategies of the field whose stores are at hand, one of each kind.
    static func candidates(_ wanted: Requirements) -> [String] {
        let field = [
            "hs256-jwt", "rs256-jwt", "hybrid@store=redis", "hybrid@store=postgres", "hybrid",
            "redis-session",
            "postgres-session", "sqlite-session", "denylist-redis", "denylist-pushed", "introspection",
        ]
        let choices = (try? StrategyChoice.named(field, among: Registry.strategies)) ?? []
        return choices.filter { $0.descriptor.stores.isSubset(of: wanted.stores ?? [.redis, .postgres]) }
            .map(\.descriptor.id)
    }

    /// What the experiments read, by the names of the files.
    var files: [(name: String, text: String)] {
        var files: [(String, String)] = []
        if let count = wanted[.claims].map({ Int($0) }), count > 0 {
            files.append((Self.claimsFile, PaddedClaims.json(bytes: max(count, PaddedClaims.least_bytes))))
        }
        if let share = signInShare { files.append((Self.workloadFile, Self.workload(signIns: share))) }
        if wanted.signInsPerSecond != nil { files.append((Self.signInsFile, Self.signIns)) }
        return files
    }

    /// The share of the operations that must be sign-ins so that enough come; `nil` where those of `browse` are enough, or
    /// no rate is asked for.
    private var signInShare: Double? {
        guard let signIns = wanted.signInsPerSecond, let requests = wanted[.requestsPerSecond],
            signIns > Self.usualSignIns * requests
        else { return nil }
        return signIns / (requests + signIns)
    }

    /// `browse` with so many sign-ins.
    private static func workload(signIns: Double) -> String {
        let share = (signIns * 1e6).rounded(.up) / 1e6
        let rest = ((1 - share - 0.002) * 1e6).rounded() / 1e6
        return """
            {
              "name": "requests",
              "summary": "The workload browse, with the sign-ins that are asked for.",
              "skew": "zipfian",
              "mix": {"login": \(share), "authenticate": \(rest), "logout": 0.001, "expired": 0.001}
            }

            """
    }

    /// Nothing but sign-ins, so that all processor time of the run is theirs.
    ///
    /// It has few sessions, because the first of each user is made before anything is measured.
    private static let signIns = """
        {
          "name": "sign-ins",
          "summary": "Nothing but sign-ins, to know what one costs.",
          "population": 2000,
          "skew": "uniform",
          "mix": {"login": 1}
        }

        """

    func experiments(in folder: URL) -> [Experiment] {
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        let chosen = strategies.flatMap { ["--strategy", $0] }
        let distance = wanted.texts[.storeRTT].map { ["--store-rtt", $0] } ?? []
        let claims = files.contains { $0.name == Self.claimsFile } ? ["--claims", path(Self.claimsFile)] : []
        var run = ["run", signInShare == nil ? "browse" : path(Self.workloadFile)] + chosen
        run += ["--repeats", "3", "--duration", "2"]
        if let rate = wanted[.requestsPerSecond] {
            // Sign-ins come beside the requests.
            let signIns = signInShare == nil ? 0 : wanted.signInsPerSecond ?? 0
            run += ["--rate", SweepValues.number(rate + signIns)]
        }
        if let users = wanted.texts[.users] { run += ["--population", users] }
        var all = [Experiment("run", run + distance + claims)]
        if wanted.signInsPerSecond != nil {
            let signIns = ["run", path(Self.signInsFile)] + chosen + ["--repeats", "3", "--duration", "1"]
            all.append(Experiment("sign-ins", signIns + distance + claims))
        }
        if wanted[.logoutWithin] != nil || wanted[.permissionChangeWithin] != nil {
            all.append(Experiment("exposure", ["exposure", "mixed"] + chosen))
        }
        if wanted.texts[.whileStoreAway] != nil {
            let faults = StrategyTraits.faultsAway.flatMap { ["--fault", $0.rawValue] }
            all.append(Experiment("outage", ["outage", "mixed"] + chosen + faults))
        }
        return all
    }
}
