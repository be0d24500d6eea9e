import ArgumentParser
import AuthConformance
import AuthCore
import AuthHarness
import AuthResults
import Backends
import Foundation

/// `authbench conform` tries strategies against the checklist that a security engineer would sign.
struct ConformCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conform",
        abstract: "Tests whether each strategy refuses what it must refuse, and accepts what it must accept.",
        discussion: """
            Each line is one requirement of a checklist for sessions and tokens: passed, FAILED, does not apply, \
            not tried, or BROKE OFF when the strategy crashed, hung or was too slow.

            The exit status is 1 when a requirement failed, and 2 when a trial broke off or nothing was tried.

            EXAMPLES:
              authbench conform --quiet
              authbench conform --strategy hs256-jwt --format csv
              authbench conform --strategy all --out results
            """)

    @OptionGroup var strategies: StrategyOptions

    @OptionGroup var stores: StoreOptions

    @Option(help: "How the table is printed on stdout.")
    var format = TableFormat.table

    @Flag(name: .shortAndLong, help: "Shows only what failed or broke off in the table.")
    var quiet = false

    @Option(
        help: ArgumentHelp(
            "Makes a result folder with conform.csv in this folder (default: none is made).",
            valueName: "folder"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "How long one call of a strategy may take. A slower strategy is not tried any further.",
            valueName: "seconds"))
    var patience = 60.0

    func validate() throws {
        if let out { try CommandError.refuseEmpty(out, "--out") }
        guard (0.1...3600).contains(patience) else {
            throw ValidationError("--patience is \(patience): give 0.1 to 3600 seconds")
        }
    }

    func run() throws {
        let (stop, cleanup) = (StopFlag(), Cleanup())
        let interruption = Interruption(stop: stop, cleanup: cleanup)
        defer { interruption.end() }
        let plan = try plan()
        let stores = try Stores(plan, cleanup: cleanup)
        let findings: [Finding]
        var (problem, folder): (String?, URL?) = (nil, nil)
        do {
            let files = try out.map { _ in try ResultFiles(plan, identity, cleanup, stores.facts) }
            findings = try tryStrategies(plan, stores, stop)
            if let files {
                if !findings.isEmpty { try files.write(findings.map(\.row)) }
                problem = files.finish(
                    isEmpty: findings.isEmpty, failure: nil, signal: interruption.signal)
                folder = files.folder.url
            }
        } catch {
            _ = stores.close(isEmpty: true)
            throw error
        }
        problem = stores.close(isEmpty: true) ?? problem
        if let folder, !quiet { Console.say("Results in \(folder.path)") }
        try show(findings)
        if let signal = interruption.signal {
            throw CommandError(
                status: ExitStatus.signal(signal),
                message:
                    "stopped by a signal; \(findings.isEmpty ? "no strategy was tried" : "the table has what was tried until then")"
            )
        }
        if let fault = Self.fault(findings) { throw fault }
        if let problem { throw CommandError.runtime(problem) }
    }

    private func tryStrategies(_ plan: RunPlan, _ stores: Stores, _ stop: StopFlag) throws -> [Finding] {
        var findings: [Finding] = []
        let isShown = !quiet && Console.isErrorTerminal
        defer { if isShown { Console.overwrite("") } }
        for (index, strategy) in plan.strategies.enumerated() where !stop.isRaised {
            let descriptor = strategy.descriptor
            if isShown {
                let number = "strategy \(index + 1) of \(plan.strategies.count)"
                Console.overwrite("trying \(descriptor.id), \(number)")
            }
            let trial = TrialProcess(
                strategy: descriptor.id, environment: stores.environment, folder: stores.folder,
                patience_s: patience, stop: stop)
            findings += (try trial.run() ?? []).blaming(stores.loss(of: descriptor))
        }
        return findings
    }

    /// Returns the error that follows from all findings: a failed requirement outweighs what could not be tried, and
    /// each strategy must have been tried.
    static func fault(_ findings: [Finding]) -> CommandError? {
        let failed = findings.filter(\.isFailed)
        guard failed.isEmpty else {
            let names = failed.map { "\($0.strategy) \($0.requirement)" }.joined(separator: ", ")
            return CommandError(
                status: ExitStatus.negative, message: "not as required: \(names): the table says why")
        }
        let broken = findings.filter { $0.isBroken && Requirement.ids.contains($0.requirement) }
        guard broken.isEmpty else {
            let texts = broken.map {
                "\($0.strategy) could not be tried from \($0.requirement) on: \($0.reason)"
            }
            return .runtime(texts.joined(separator: "; "))
        }
        // A strategy that could not even be prepared printed nothing either.
        let tried = findings.filter { $0.cases != nil && $0.requirement != Requirement.silence }
        let idle = Set(findings.map(\.strategy)).subtracting(tried.map(\.strategy))
        guard idle.isEmpty else {
            return .runtime(
                "no requirement was tried on \(idle.sorted().joined(separator: ", ")): the table says why")
        }
        return nil
    }

    private func show(_ findings: [Finding]) throws {
        switch format {
        case .csv: try Console.output(CSV.text(Self.columns, findings.map(\.row)))
        case .json: try Console.output(try JSONRows.text(Self.columns, findings.map(\.row)))
        case .table:
            let shown = quiet ? findings.filter { $0.isFailed || $0.isBroken } : findings
            try Console.output(shown.map { $0.line + "\n" }.joined() + Self.sums(findings))
        }
    }

    /// Sums up each strategy in one line.
    private static func sums(_ findings: [Finding]) -> String {
        var text = ""
        for (index, finding) in findings.enumerated()
        where index == 0 || findings[index - 1].strategy != finding.strategy {
            let own = findings.filter { $0.strategy == finding.strategy }
            let passed = own.compactMap(\.cases)
            text +=
                "\(finding.strategy): \(passed.count) requirements passed with \(passed.reduce(0, +)) cases,"
                + " \(own.count(where: \.isFailed)) failed, \(own.count(where: \.isUntried)) were not tried,"
                + " \(own.count { $0.word == "n/a" }) do not apply\n"
        }
        return text
    }

    private static var columns: [Column<ConformanceTable.Row>] {
        [Column<ConformanceTable.Row>(printed: "strategy") { .text($0.strategy) }] + ConformanceTable.findings
    }

    /// The checklist stands for a trace: rows that were tried with another one are never compared.
    private var identity: RunIdentity {
        let checklist = Requirement.all.map { "\($0.id) \($0.title)\n" }.joined()
        return RunIdentity(
            runID: RunClock.identifier("conform"), workload: "mixed",
            traceSHA256: SHA256.hexadecimal(of: Array(checklist.utf8)))
    }

    private func plan() throws -> RunPlan {
        try RunPlan(
            unmeasured: try strategies.selected(), stores.plan(), out: out ?? ".", isQuiet: quiet)
    }
}

extension [Finding] {
    /// Turns failures into broken trials where the store lost data: nobody can tell then whether the strategy was wrong.
    fileprivate func blaming(_ loss: String?) -> Self {
        guard let loss else { return self }
        return map { finding in
            guard case .failed(let text) = finding.verdict else { return finding }
            var finding = finding
            finding.verdict = .broken("\(text); but \(loss)")
            return finding
        }
    }
}

extension Requirement {
    fileprivate static let ids = Set(all.map(\.id))
}

extension Finding {
    fileprivate var isFailed: Bool { if case .failed = verdict { true } else { false } }

    fileprivate var isBroken: Bool { if case .broken = verdict { true } else { false } }

    fileprivate var isUntried: Bool {
        switch verdict {
        case .broken, .notTried: true
        case .passed, .failed, .notApplicable: false
        }
    }

    fileprivate var cases: Int? { if case .passed(let cases) = verdict { cases } else { nil } }

    fileprivate var row: ConformanceTable.Row {
        .init(
            strategy: strategy, requirement: requirement, title: title, verdict: word, cases: cases,
            reason: reason)
    }

    fileprivate var word: String {
        switch verdict {
        case .passed: "passed"
        case .failed: "failed"
        case .broken: "error"
        case .notTried: "not tried"
        case .notApplicable: "n/a"
        }
    }

    fileprivate var reason: String {
        switch verdict {
        case .passed: ""
        case .failed(let text), .broken(let text), .notTried(let text), .notApplicable(let text): text
        }
    }

    fileprivate var line: String {
        let outcome =
            switch verdict {
            case .passed(let cases): "passed, \(cases) cases"
            case .failed(let text): "FAILED: \(text)"
            case .broken(let text): "BROKE OFF: \(text)"
            case .notTried(let reason): "not tried: \(reason)"
            case .notApplicable(let reason): "does not apply: \(reason)"
            }
        return "\(strategy)  \(requirement)  \(title): \(outcome)"
    }
}
