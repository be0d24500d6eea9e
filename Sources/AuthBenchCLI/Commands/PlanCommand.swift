import ArgumentParser
import AuthCore
import AuthDecision
import AuthResults
import Foundation

/// `authbench plan` says what a fleet needs for a rate, from measured rows alone.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Says how many machines a rate needs for each strategy, from rows that you measured.",
        discussion: """
            It measures nothing. It goes by folders of run, exposure and sweep that come from one machine. The more \
            loads they have, the better: processor time for one request depends on the load. What was not measured \
            but extrapolated is named.

            EXAMPLES:
              authbench plan results/latest-sweep --requests-per-second 100000
              authbench plan results/latest --requests-per-second 1e6 --p99-within 5ms
              authbench plan results/latest --requests-per-second 5000 --format csv
            """)

    @Argument(
        help: ArgumentHelp(
            "Folders of run, exposure or sweep; links such as results/latest, too.", valueName: "folder"))
    var folders: [String]

    @Option(
        help: ArgumentHelp(
            "Requests in each second, all machines together, up to 10000000.", valueName: "number"))
    var requestsPerSecond: Double

    @Option(
        help: ArgumentHelp(
            "A strategy to plan for, as in `run`. Repeat the option for several (default: all that were measured).",
            valueName: "name"))
    var strategy: [String] = []

    @Option(
        name: .customLong("p99-within"),
        help: ArgumentHelp(
            "The p99 that checks must keep, such as 5ms: cores then work less where it needs that.",
            valueName: "time"))
    var p99Within: String?

    @Option(
        help: ArgumentHelp(
            "The share of the time for which a core may work, such as 0.6 (default: 0.7, or less to keep the p99).",
            valueName: "share"))
    var utilization: Double?

    @Option(
        name: .customLong("store-rtt"),
        help: ArgumentHelp(
            "How far away the store is: the time of a round trip, such as 1ms (default: as it was measured).",
            valueName: "time"))
    var storeRTT: String?

    @Option(
        help: ArgumentHelp(
            "Cores of each verifier's machine (default: as many as the measured machine has).",
            valueName: "count"))
    var nodeCores: Int?

    @Option(
        help: ArgumentHelp(
            "How long the store is away in the simulation, such as 1s.", valueName: "time"))
    var storeAway = "1s"

    @Option(help: "How the plan is printed.")
    var format = PlanFormat.table

    func run() throws {
        let request = try request()
        let measured = try evidence()
        let names = try names(measured)
        let plan = FleetPlan(request, measured, strategies: names)
        let command = Shell.line(["authbench"] + CommandLine.arguments.dropFirst())
        try Console.output(try format.text(plan, command: command))
        try check(plan)
    }

    // MARK: What is asked

    func request() throws -> FleetRequest {
        guard FleetRequest.rates.contains(requestsPerSecond) else {
            throw CommandError.usage(
                "--requests-per-second is \(requestsPerSecond): give 0.01 to 10000000")
        }
        var request = FleetRequest(perSecond: requestsPerSecond)
        if let utilization {
            guard FleetRequest.utilizations.contains(utilization) else {
                throw CommandError.usage("--utilization is \(utilization): give 0.01 to 0.95")
            }
            request.utilization = utilization
        }
        if let nodeCores {
            guard 1...1024 ~= nodeCores else {
                throw CommandError.usage("--node-cores is \(nodeCores): give 1 to 1024")
            }
            request.nodeCores = nodeCores
        }
        request.p99_ns = try p99Within.map { try time($0, "--p99-within", 1000...3600e9) }
        request.storeAway_ns = try time(storeAway, "--store-away", 1e6...60e9)
        request.storeRTT_ns = try storeRTT.map { text in
            Double(try StoreRTT(text) { CommandError.usage("--store-rtt \($0)") }.time_ns)
        }
        return request
    }

    private func time(_ text: String, _ option: String, _ allowed: ClosedRange<Double>) throws -> Double {
        guard let time_ns = TimeText.nanoseconds(text, in: ["us", "ms", "s", "m"]), allowed.contains(time_ns)
        else {
            let ends = [allowed.lowerBound, allowed.upperBound].map { TextTable.time(UInt64($0)) }
            throw CommandError.usage(
                "\(option) is \"\(text.printable)\": give a time with its unit, such as 5ms, from \(ends[0]) to \(ends[1])"
            )
        }
        return time_ns
    }

    // MARK: What was measured

    /// The folders' rows; of a series those of all its experiments.
    private func evidence() throws -> Evidence {
        var readers: [(experiment: String, command: String?, reader: ResultReader)] = []
        for folder in folders {
            try CommandError.refuseEmpty(folder, "the folder")
            let url = URL(fileURLWithPath: folder, isDirectory: true).resolvingSymlinksInPath()
            guard FileManager.default.fileExists(atPath: url.appendingPathComponent(SeriesRecord.file).path)
            else {
                readers.append((url.lastPathComponent, nil, ResultReader(url)))
                continue
            }
            do throws(ResultError) {
                readers += try SeriesRecord(readFrom: url).readers(in: url)
            } catch { throw CommandError.badData("\(folder): \(error)") }
        }
        var measured: Evidence
        do throws(ResultError) { measured = try Evidence(readers) } catch {
            throw CommandError.badData("\(error)")
        }
        measured.traits = try measured.traits(among: Registry.strategies)
        return measured
    }

    /// Those that are asked for, or all that runs measured.
    private func names(_ measured: Evidence) throws -> [String] {
        let known = measured.strategies.filter { measured.traits[$0] != nil }.sorted()
        let wanted =
            try strategy.isEmpty
            ? known : StrategyChoice.named(strategy, among: Registry.strategies).map(\.descriptor.id)
        let counted = Set(measured.rows("throughput.csv").map(\.strategy))
        let missing = wanted.first { !counted.contains($0) }
        guard wanted.contains(where: counted.contains), strategy.isEmpty || missing == nil else {
            throw CommandError(
                status: ExitStatus.nothingMeasured,
                message: "no folder has a run of \(missing ?? "any strategy"): measure it with authbench run")
        }
        return wanted.filter { counted.contains($0) }
    }

    // MARK: What came out

    private func check(_ plan: FleetPlan) throws {
        let wrong = plan.rows.filter { $0.isWrong }.map(\.strategy)
        guard wrong.isEmpty else {
            throw CommandError(
                status: ExitStatus.negative,
                message: "\(wrong.joined(separator: ", ")) decided wrongly: there is no plan for that")
        }
        let disturbed = plan.rows.filter { !$0.isValid }.map(\.strategy)
        guard disturbed.isEmpty else {
            throw CommandError(
                status: ExitStatus.notValid,
                message:
                    "not valid: something disturbed all rows of \(disturbed.joined(separator: ", ")): measure again on a quiet machine"
            )
        }
    }
}

extension PlanFormat: ExpressibleByArgument {}
