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
        let folders = results.isEmpty ? try measure(wanted) : results.map { URL(fileURLWithPath: $0) }
        let measured: Evidence
        do throws(ResultError) { measured = try Evidence(folders) } catch {
            throw CommandError.badData("--results \(error)")
        }
        let choices = try StrategyChoice.named(measured.strategies, among: Registry.strategies)
            .filter { $0.descriptor.transport != .none }
        let traits = Dictionary(
            choices.map { ($0.descriptor.id, StrategyTraits($0)) }, uniquingKeysWith: { first, _ in first })
        let advice = Advice(wanted, measured, traits)
        let command = Shell.line(
            ["authbench", "advise"] + wanted.arguments + folders.flatMap { ["--results", $0.relativePath] })
        try Console.output(try format.text(advice, command: command))
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
            for (key, text) in requirements.given { try wanted.set(key, text) }
            try wanted.check()
        } catch { throw CommandError.usage("\(error)") }
        guard !wanted.texts.isEmpty else {
            throw CommandError.usage(
                "there is no requirement: name a file or an option (authbench advise --example)")
        }
        return wanted
    }

    /// Measures what the requirements speak of.
    private func measure(_ wanted: Requirements) throws -> [URL] {
        let plan = AdvicePlan(wanted, strategies: strategy.isEmpty ? AdvicePlan.candidates(wanted) : strategy)
        let series = try series.series("advise", title: "browse", out: out, isQuiet: quiet)
        defer { series.end() }
        series.expected_s = 60
        if let claims = plan.claims { try series.write(claims, to: AdvicePlan.claimsFile) }
        let experiments = plan.experiments(in: series.folder)
        series.planned = experiments.count
        return try experiments.flatMap { try series.run($0).folders }
    }
}

extension AdviceFormat: ExpressibleByArgument {}

extension Requirements {
    /// The options that say the same.
    fileprivate var arguments: [String] {
        RequirementKey.allCases.flatMap { key in
            texts[key].map { ["--" + key.rawValue.replacing("_", with: "-"), $0] } ?? []
        }
    }
}

/// An option for each requirement.
struct RequirementOptions: ParsableArguments {
    private static func help(_ key: RequirementKey, _ value: String) -> ArgumentHelp {
        ArgumentHelp(stringLiteral: key.meaning).named(value)
    }

    @Option(help: help(.requestsPerSecond, "number")) var requestsPerSecond: String?
    @Option(help: help(.users, "count")) var users: String?
    @Option(help: help(.signInsPerDay, "number")) var signInsPerDay: String?
    @Option(help: help(.services, "count")) var services: String?
    @Option(help: help(.logoutWithin, "time")) var logoutWithin: String?
    @Option(help: help(.permissionChangeWithin, "time")) var permissionChangeWithin: String?
    @Option(help: help(.stores, "names")) var stores: String?
    @Option(name: .customLong("store-rtt"), help: help(.storeRTT, "time")) var storeRTT: String?
    @Option(help: help(.whileStoreAway, "what")) var whileStoreAway: String?
    @Option(name: .customLong("header-limit-bytes"), help: help(.headerLimit, "count")) var headerLimit:
        String?
    @Option(help: help(.verifiersMayMint, "flag")) var verifiersMayMint: String?
    @Option(name: .customLong("claims-bytes"), help: help(.claims, "count")) var claims: String?
    @Option(name: .customLong("p99-within"), help: help(.p99, "time")) var p99: String?
    @Option(name: .customLong("cpu-price-per-core-hour"), help: help(.corePrice, "number")) var corePrice:
        String?
    @Option(help: help(.requestTime, "time")) var requestTime: String?

    /// Those that were given, with their texts.
    var given: [(RequirementKey, String)] {
        let all: [(RequirementKey, String?)] = [
            (.requestsPerSecond, requestsPerSecond), (.users, users), (.signInsPerDay, signInsPerDay),
            (.services, services), (.logoutWithin, logoutWithin),
            (.permissionChangeWithin, permissionChangeWithin), (.stores, stores), (.storeRTT, storeRTT),
            (.whileStoreAway, whileStoreAway), (.headerLimit, headerLimit),
            (.verifiersMayMint, verifiersMayMint),
            (.claims, claims), (.p99, p99), (.corePrice, corePrice), (.requestTime, requestTime),
        ]
        return all.compactMap { key, text in text.map { (key, $0) } }
    }
}

extension ArgumentHelp {
    fileprivate func named(_ valueName: String) -> Self {
        var help = self
        help.valueName = valueName
        return help
    }
}

/// Which experiments answer requirements.
struct AdvicePlan {
    static let claimsFile = "claims.json"
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

    /// Claims of the wanted size, as JSON.
    var claims: String? {
        guard let count = wanted[.claims].map({ Int($0) }), count > 0 else { return nil }
        return PaddedClaims.json(bytes: max(count, PaddedClaims.least_bytes))
    }

    func experiments(in folder: URL) -> [Experiment] {
        let chosen = strategies.flatMap { ["--strategy", $0] }
        var run = ["run", "browse"] + chosen + ["--repeats", "3", "--duration", "2"]
        if let rate = wanted.texts[.requestsPerSecond] { run += ["--rate", rate] }
        if let users = wanted.texts[.users] { run += ["--population", users] }
        if let distance = wanted.texts[.storeRTT] { run += ["--store-rtt", distance] }
        if claims != nil { run += ["--claims", folder.appendingPathComponent(Self.claimsFile).path] }
        var all = [Experiment("run", run)]
        if wanted[.logoutWithin] != nil || wanted[.permissionChangeWithin] != nil {
            all.append(Experiment("exposure", ["exposure", "mixed"] + chosen))
        }
        if wanted.texts[.whileStoreAway] != nil {
            all.append(Experiment("outage", ["outage", "mixed"] + chosen + ["--fault", "kill"]))
        }
        return all
    }
}
