import ArgumentParser
import AuthDecision
import AuthResults
import Foundation

/// `authbench claims` settles what people say of sessions and tokens by experiments on this machine.
struct ClaimsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claims",
        abstract: "Tells which common claims about sessions and tokens hold on this machine.",
        discussion: """
            Each verdict follows from measured rows by a rule that is printed. It is "holds", "holds when" with a \
            boundary, "does not hold", "undecided here" where a second run might say something else, or "not \
            measured" with the reason. The result folder has the figures in claims.csv, and every cell that they are \
            made of in claims_rows.csv.

            The exit status is 3 when something disturbed repeats that a verdict rests on.

            EXAMPLES:
              authbench claims --quick
              authbench claims --only CLM-03,CLM-07
              authbench claims --results results/latest-claims --format markdown
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, markdown, json, csv }

    @Option(
        help: ArgumentHelp(
            "Only these claims, with commas between them, such as CLM-03,CLM-07 (default: all).",
            valueName: "claims"))
    var only: String?

    @Flag(help: "Measures for about three minutes: intervals are wider, and more claims stay undecided.")
    var quick = false

    @Option(
        help: ArgumentHelp(
            "Judges the results in this folder of an earlier authbench claims, and measures nothing.",
            valueName: "folder"))
    var results: String?

    @OptionGroup var series: SeriesOptions

    @Option(help: ArgumentHelp("Makes the result folder in this folder.", valueName: "folder"))
    var out = "results"

    @Option(help: "How the verdicts are printed on stdout.")
    var format = Format.table

    @Flag(name: .shortAndLong, help: "Prints only errors on stderr: no progress and no remarks.")
    var quiet = false

    func validate() throws {
        try CommandError.refuseEmpty(out, "--out")
        guard let results else { return }
        try CommandError.refuseEmpty(results, "--results")
        if series.resume != nil {
            throw ValidationError("--results and --resume exclude each other: give one of them")
        }
        if quick {
            throw ValidationError(
                "--quick says how to measure, and --results measures nothing: leave one out")
        }
    }

    func run() throws {
        if try series.carriedOutAgain("claims", Self.self) { return }
        let claims = try chosen()
        let report = try results.map { try judged(claims, in: $0) } ?? measured(claims)
        try show(report)
        guard !report.disturbed.isEmpty else { return }
        throw CommandError(
            status: ExitStatus.notValid,
            message:
                "not valid: something disturbed repeats of \(report.disturbed.joined(separator: ", ")): measure again on a quiet machine"
        )
    }

    private func chosen() throws(CommandError) -> [Claim] {
        guard let only else { return Claim.all }
        let names = only.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        for name in names where !Claim.all.contains(where: { $0.id == name }) {
            let (first, last) = (Claim.all.first?.id ?? "", Claim.all.last?.id ?? "")
            throw CommandError.usage(
                "--only: there is no claim \"\(name.withoutControls)\": give some of \(first) to \(last), with commas between them"
            )
        }
        return Claim.all.filter { names.contains($0.id) }
    }

    /// Reads the results of an earlier command.
    private func judged(_ claims: [Claim], in folder: String) throws -> ClaimsReport {
        let url = URL(fileURLWithPath: folder, isDirectory: true).resolvingSymlinksInPath()
        do throws(ResultError) {
            let record = try SeriesRecord(readFrom: url)
            guard record.command == Self.configuration.commandName else {
                throw ResultError("authbench \(record.command) made it, not authbench claims")
            }
            return ClaimsReport(claims, try Evidence(record, in: url))
        } catch { throw CommandError.badData("--results \(folder): \(error)") }
    }

    private func measured(_ claims: [Claim]) throws -> ClaimsReport {
        let run = try series.series(
            "claims", title: quick ? "quick" : "full", out: out, isQuiet: quiet)
        defer { run.end() }
        let needed = ClaimExperiment.allCases.filter { one in claims.contains { $0.needs.contains(one) } }
        let searches = claims.compactMap(\.search)
        run.planned = needed.count + searches.count * 6
        for one in needed {
            _ = try run.run(
                Experiment(one.rawValue, one.arguments(isQuick: quick)),
                accepting: ExperimentSeries.results.union(one.tellsFaults ? [ExitStatus.negative] : []))
        }
        for search in searches { try find(search, in: run) }
        let report = ClaimsReport(claims, try evidence(run))
        guard run.finished > 0 else { return report }
        try run.write(CSV.text(ClaimTable.columns, report.rows), to: "claims.csv")
        try run.write(CSV.text(ClaimTable.Cited.columns, report.cited), to: "claims_rows.csv")
        if !quiet { Console.say("Results in \(run.folder.path)") }
        return report
    }

    private func find(_ search: DistanceSearch, in run: ExperimentSeries) throws {
        while let distance_us = search.next(try evidence(run, of: search.name)) {
            let experiment = Experiment(
                search.experiment(at: distance_us), search.arguments(at: distance_us, isQuick: quick))
            _ = try run.run(experiment)
        }
    }

    private func evidence(_ run: ExperimentSeries, of prefix: String = "") throws(CommandError) -> Evidence {
        do throws(ResultError) { return try Evidence(run.record, in: run.folder, of: prefix) } catch {
            throw CommandError.badData(error.description)
        }
    }

    private func show(_ report: ClaimsReport) throws {
        let text =
            switch format {
            case .table: report.text
            case .markdown: report.markdown
            case .json: try report.json()
            case .csv: CSV.text(ClaimTable.columns, report.rows)
            }
        try Console.output(text)
    }
}

extension Evidence {
    /// Reads what a series has measured.
    ///
    /// - Parameters:
    ///   - record: of the series.
    ///   - folder: of the series.
    ///   - prefix: the beginning of the names of the experiments that are wanted.
    /// - Throws: `ResultError` for a folder that is damaged.
    init(_ record: SeriesRecord, in folder: URL, of prefix: String = "") throws(ResultError) {
        try self.init(try record.readers(in: folder, of: prefix))
        // A folder of another version may name strategies that this one does not know.
        traits = (try? traits(among: Registry.strategies)) ?? [:]
    }
}

extension SeriesRecord {
    /// The result folders of its experiments that ended, each with the command line that repeats it.
    ///
    /// - Throws: `ResultError` for one that is damaged, or not complete.
    func readers(
        in folder: URL, of prefix: String = ""
    ) throws(ResultError) -> [(experiment: String, command: String?, reader: ResultReader)] {
        var readers: [(experiment: String, command: String?, reader: ResultReader)] = []
        for entry in experiments where entry.status != nil && entry.name.hasPrefix(prefix) {
            for reader in try results(of: entry.name, in: folder) ?? [] {
                readers.append((entry.name, Shell.line(["authbench"] + entry.arguments), reader))
            }
        }
        return readers
    }
}
