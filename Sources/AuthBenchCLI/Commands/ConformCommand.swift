import ArgumentParser
import AuthConformance
import AuthCore
import AuthHarness
import AuthReport
import Foundation

/// `authbench conform`: tries strategies against the checklist of what a security engineer would sign.
struct ConformCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conform",
        abstract: "Tries every requirement and hostile case on each strategy, and prints the verdicts.")

    @OptionGroup var strategies: StrategyOptions

    @OptionGroup var stores: StoreOptions

    @Option(help: "What to print on stdout: table, json or csv.")
    var format = RunCommand.Format.table

    @Flag(name: .shortAndLong, help: "In the table only what failed.")
    var quiet = false

    func run() throws {
        let leftovers = Leftovers()
        let interruption = Interruption(stop: StopFlag(), leftovers: leftovers)
        defer { interruption.end() }
        let plan = try plan()
        let stores = try Stores(plan, leftovers: leftovers)
        var findings: [Finding] = []
        var failure: String?
        for strategy in plan.strategies {
            do { findings += try Conformance.check(strategy, in: stores.environment) } catch {
                failure = "\(strategy.descriptor.id) could not be tried: \(error)"
                break
            }
        }
        failure = stores.close(isEmpty: true) ?? failure
        try show(findings)
        if let failure { throw Fault.runtime(failure) }
        let failed = findings.filter(\.isFailed)
        guard failed.isEmpty else {
            let names = failed.map { "\($0.strategy) \($0.requirement)" }.joined(separator: ", ")
            throw Fault(status: ExitStatus.negative, message: "not as required: \(names)")
        }
    }

    private func show(_ findings: [Finding]) throws {
        switch format {
        case .csv: try Console.output(CSV.text(Self.columns, findings))
        case .json: try Console.output(try JSONRows.text(Self.columns, findings))
        case .table:
            let shown = quiet ? findings.filter(\.isFailed) : findings
            try Console.output(shown.map { $0.line + "\n" }.joined() + Self.sums(findings))
        }
    }

    /// One line for each strategy.
    private static func sums(_ findings: [Finding]) -> String {
        var text = ""
        for (index, finding) in findings.enumerated()
        where index == 0 || findings[index - 1].strategy != finding.strategy {
            let own = findings.filter { $0.strategy == finding.strategy }
            let passed = own.filter { $0.cases != nil }
            text +=
                "\(finding.strategy): \(passed.count) requirements passed with"
                + " \(passed.reduce(0) { $0 + ($1.cases ?? 0) }) cases, \(own.count { $0.isFailed }) failed,"
                + " \(own.count { !$0.isFailed && $0.cases == nil }) do not apply\n"
        }
        return text
    }

    private static var columns: [Column<Finding>] {
        [
            Column(printed: "strategy") { .text($0.strategy) },
            Column(printed: "requirement") { .text($0.requirement) },
            Column(printed: "title") { .text($0.title) },
            Column(printed: "verdict") { .text($0.word) },
            Column(printed: "cases") { $0.cases.map { .integer(Int64($0)) } ?? .blank },
            Column(printed: "reason") { .text($0.reason) },
        ]
    }

    private func plan() throws -> RunPlan {
        let workload = try WorkloadSource.load("mixed")
        let selected = try strategies.selected()
        return RunPlan(
            workload: workload, strategies: selected,
            schedule: Schedule(strategies: selected.count, repeats: 1, seed: workload.seed),
            warmUp: .duration(nanoseconds: 0), extent: .operations(1), warmUp_s: 0,
            out: URL(fileURLWithPath: "."), redis: try stores.endpoint(),
            redisTransport: stores.privateRedis, sqlitePath: try stores.databasePath(),
            synchronous: stores.sqliteSynchronous,
            mmap_bytes: stores.sqliteMmap.bytes, isQuiet: quiet)
    }
}

extension Finding {
    fileprivate var isFailed: Bool { if case .failed = verdict { true } else { false } }

    fileprivate var cases: Int? { if case .passed(let cases) = verdict { cases } else { nil } }

    fileprivate var word: String {
        switch verdict {
        case .passed: "passed"
        case .failed: "failed"
        case .notApplicable: "n/a"
        }
    }

    fileprivate var reason: String {
        switch verdict {
        case .passed: ""
        case .failed(let text), .notApplicable(let text): text
        }
    }

    fileprivate var line: String {
        let outcome =
            switch verdict {
            case .passed(let cases): "passed, \(cases) cases"
            case .failed(let text): "FAILED: \(text)"
            case .notApplicable(let reason): "does not apply: \(reason)"
            }
        return "\(strategy)  \(requirement)  \(title): \(outcome)"
    }
}
