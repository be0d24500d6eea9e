import AuthResults
import AuthStatistics
import Backends
import Foundation

/// Two result folders of `authbench run` side by side: a base and a head that was measured later or elsewhere.
package struct Comparison {
    private let base: ResultReader
    private let head: ResultReader
    private let facts: (base: RunRecord, head: RunRecord)
    private let allowsOtherMachine: Bool
    /// The strategy that only shows the harness's own cost: shown, not judged.
    private let baseline: String?

    /// Reads two folders.
    ///
    /// - Parameters:
    ///   - base: the folder that sets the standard.
    ///   - head: the folder that is judged.
    ///   - baseline: the strategy that only shows the harness's own cost, if there is one.
    ///   - allowsOtherMachine: whether runs of two machines are compared, as advice that cannot fail.
    /// - Throws: `ResultError` for a folder that is not sound.
    package init(base: URL, head: URL, baseline: String?, allowsOtherMachine: Bool) throws {
        self.base = ResultReader(base)
        self.head = ResultReader(head)
        self.baseline = baseline
        self.allowsOtherMachine = allowsOtherMachine
        let readers = [self.base, self.head]
        // A folder of another schema is not faulty, but nothing in it can be found.
        let isOneSchema = Set(readers.compactMap { $0.writer?.schema_version }).count < 2
        for reader in readers {
            if let word = reader.content.foreignWord {
                throw ResultError(
                    "\(reader.url.path): holds \(word), which compare does not take: name a folder of authbench run"
                )
            }
            let faults = isOneSchema ? Validation(reader.url).faults : reader.faults
            if let fault = faults.first { throw ResultError("\(reader.url.path): \(fault)") }
        }
        guard let base = self.base.record, let head = self.head.record else {
            throw ResultError("\(base.path): run.json cannot be read")
        }
        facts = (base, head)
    }

    package func report() -> VerdictReport {
        let likeness = Likeness(facts.base, facts.head)
        let findings = findings(likeness)
        let isComparable = !findings.contains { $0.verdict == .incomparable }
        let cases = isComparable ? timed : []
        let controls = cases.isEmpty ? [] : control
        let rows = wrongDecisions + PairedTest(cases, workload: workload).rows
        return VerdictReport(
            title: "compare \(workload)", base: facts.base.name, head: facts.head.name,
            rows: rows + (isComparable ? sizes + baselineRows + oneSided : []), findings: findings + controls,
            notes: isComparable ? notes(likeness, cases: cases) : [],
            isAdvisory: !likeness.otherMachine.isEmpty)
    }

    private var workload: String { head.record?.workload.name ?? "" }
    private var shared: [String] { base.strategies.filter(head.strategies.contains) }
    private func clients(_ reader: ResultReader) -> Int {
        reader.rows(of: "throughput.csv").first.flatMap { Int($0["clients"]) } ?? 0
    }

    private func findings(_ likeness: Likeness) -> [VerdictReport.Finding] {
        var unlike: [String] = []
        func check(_ name: String, _ value: (ResultReader) -> String) {
            if value(base) != value(head) { unlike.append("\(name) is \(value(head)), not \(value(base))") }
        }
        check("schema_version") { "\($0.writer?.schema_version ?? 0)" }
        check("the workload") { $0.record?.workload.name ?? "" }
        check("clients") { "\(clients($0))" }
        if unlike.isEmpty { check("the trace") { String(($0.record?.trace_sha256 ?? "").prefix(12)) } }
        unlike += likeness.otherSettings
        if facts.base.run_id == facts.head.run_id {
            unlike.append("both folders hold the same run: name two runs")
        }
        if !allowsOtherMachine { unlike += likeness.otherMachine.map { "another machine: \($0)" } }
        return unlike.map { .init(.incomparable, $0) } + errors
    }

    private var errors: [VerdictReport.Finding] {
        head.rows(of: "throughput.csv").filter { $0.count("errors") ?? 0 > 0 }.map {
            .init(.error, "\($0["strategy"]), repeat \($0["repeat"]): \($0["reason"])")
        }
    }

    /// Every metric that is timed and judged.
    private var timed: [PairedCase] {
        let pairs = RepeatPairs(base: base, head: head)
        return shared.filter { $0 != baseline }.flatMap(pairs.cases)
    }

    /// The baseline is the control: it does the same in both builds, so that where it moves, the machine did.
    ///
    /// A compiler that ran beside one of two runs of one build took 60 % of every strategy's throughput, and of the
    /// baseline's; nothing in a strategy's own numbers tells that from a regression.
    private var control: [VerdictReport.Finding] {
        guard let baseline else { return [] }
        guard let item = baselineCases.first,
            let change = PairedTest([item], workload: workload).rows.first?.change
        else {
            let advice =
                "without \(baseline) in both runs, a change of the machine looks like a change of the build: run both with it"
            return [.init(.inconclusive, advice)]
        }
        guard abs(log(1 + change)) >= log(1 + item.metric.minimumEffect) else { return [] }
        let moved = "the harness's own \(item.metric.name) moved by \(VerdictText.percent(change))"
        return [.init(.inconclusive, "the machine changed between the runs: \(moved); run both again")]
    }

    private var baselineCases: [PairedCase] {
        guard let baseline, shared.contains(baseline) else { return [] }
        return RepeatPairs(base: base, head: head).cases(of: baseline).filter(\.operation.isEmpty)
    }

    private var baselineRows: [VerdictRow] {
        baselineCases.map { item in
            var row = PairedTest([item], workload: workload).row(item, [])
            row.verdict = .advisory
            row.why = "the harness's own cost: shows whether the machine changed"
            return row
        }
    }

    private var sizes: [VerdictRow] {
        let comparison = SizeComparison(workload: workload, clients: clients(head))
        return shared.filter { $0 != baseline }.flatMap { comparison.rows(of: $0, base: base, head: head) }
    }

    /// Counted over all repeats of the head, whether or not the base has the strategy.
    private var wrongDecisions: [VerdictRow] {
        head.strategies.flatMap { strategy in
            ["false_accepts", "false_rejects"].compactMap { column -> VerdictRow? in
                func sum(_ reader: ResultReader) -> Double {
                    reader.rows(of: "throughput.csv").filter { $0["strategy"] == strategy }
                        .reduce(0) { $0 + ($1.number(column) ?? 0) }
                }
                guard sum(head) > 0 else { return nil }
                return VerdictRow(
                    strategy: strategy, workload: workload, operation: "", clients: clients(head),
                    metric: column, base: sum(base), head: sum(head), verdict: .wrong,
                    why: "the head decided wrongly \(sum(head).formatted(digits: 0)) times")
            }
        }
    }

    /// Strategies that only one of the runs has.
    private var oneSided: [VerdictRow] {
        func row(_ strategy: String, _ why: String) -> VerdictRow {
            VerdictRow(
                strategy: strategy, workload: workload, operation: "", clients: clients(head), metric: "all",
                verdict: .notGated, why: why)
        }
        return head.strategies.filter { !base.strategies.contains($0) }.map {
            row($0, "new: the base does not have it")
        }
            + base.strategies.filter { !head.strategies.contains($0) }.map {
                row($0, "gone: the head does not have it")
            }
    }

    private func notes(_ likeness: Likeness, cases: [PairedCase]) -> [(name: String, value: String)] {
        var notes = likeness.remarks
        let steal = [base, head].flatMap { $0.rows(of: "throughput.csv") }.compactMap {
            $0.number("steal_share")
        }
        if let most = steal.max() {
            notes.append(("steal", "at most \((most * 100).formatted(digits: 1)) % in a repeat"))
        }
        let shifts = cases.filter { $0.metric == .cpu }.flatMap { item in
            item.pairs.map { item.metric.cost(base: $0.base, head: $0.head) }
        }
        if let shift = QuantileRule.median(shifts) {
            notes.append(
                ("shift", "\(VerdictText.percent(exp(shift) - 1)) CPU time in the median of all pairs"))
        }
        notes.append(
            (
                "tests",
                "\(cases.count), with at most 5 % false alarms among all of them; a proof needs \(PairedTest.pairsNeeded(cases: cases.count)) repeats"
            ))
        notes.append(
            (
                "note",
                "two separate runs also differ because the machine changed in between; `authbench gate` measures two builds in turns"
            ))
        return notes
    }
}
