import AuthResults
import Foundation

/// The ways to write a plan down; each has the same rows.
package enum PlanFormat: String, CaseIterable, Sendable {
    case table, markdown, json, csv

    /// - Parameters:
    ///   - plan: what to write.
    ///   - command: the command line that repeats it.
    /// - Returns: the text with its last line ended.
    /// - Throws: what the JSON encoder throws.
    package func text(_ plan: FleetPlan, command: String) throws -> String {
        let page = PlanPage(plan: plan, command: command)
        return switch self {
        case .table: page.table
        case .markdown: page.markdown
        case .json: try JSONRows.text(PlanTable.columns, plan.rows)
        case .csv: CSV.text(PlanTable.columns, plan.rows)
        }
    }
}

/// What a plan says, in words and cells.
private struct PlanPage {
    let plan: FleetPlan
    let command: String

    private typealias Line = (title: String, cell: (PlanTable.Row) -> String)

    /// Those of which there is something to say.
    private var lines: [Line] {
        all.filter { line in plan.rows.contains { $0.utilization != nil && line.cell($0) != Self.nothing } }
    }

    private static let nothing = "–"

    private var all: [Line] {
        let away = TextTable.trimmed(plan.request.storeAway_ns / 1e9, digits: 3)
        return [
            ("verifiers", { Self.machines($0.verifiers) }),
            ("verifier load", { Self.percent($0.verifiers.utilization) }),
            ("verifier CPU per request", { Self.cpu($0.verifiers) }),
            ("store", { $0.store }),
            ("store shards", { Self.machines($0.shards) }),
            ("store load", { Self.percent($0.shards?.utilization) }),
            ("store CPU per request", { Self.cpu($0.shards) }),
            ("store connections in use", { Self.number($0.connections, 1) }),
            ("header lines", { Self.rate($0.headerPerSecond_bytes) }),
            ("p50 of a check", { Self.time($0.p50_ns) }),
            ("p99 of a check", { Self.time($0.p99_ns) }),
            (
                "accepted after logout",
                { row in
                    row.exposureMax_ms.map { "\(ExposureText.time($0)) \(row.exposureSource)" }
                        ?? Self.nothing
                }
            ),
            ("limited by", { $0.limit }),
            ("line after \(away) s away*", { Self.seconds($0.awayRecovery_s) }),
            ("busiest sticky node*", { Self.ratio($0.stickyImbalance) }),
            ("busiest shard*", { Self.ratio($0.shardImbalance) }),
            ("store load, no copies*", { Self.ratio($0.stampede) }),
            ("this machine carries", { Self.number($0.machinePerSecond, 0) + "/s" }),
            ("stated error: rate, p99", { Self.errors($0.statedRateError, $0.statedP99Error) }),
            ("error in your rows", { Self.errors($0.seenRateError, $0.seenP99Error) }),
        ]
    }

    // MARK: Cells

    private static func machines(_ part: PlanTable.Part?) -> String {
        part.map { "\($0.members) x \($0.cores) core\($0.cores == 1 ? "" : "s")" } ?? nothing
    }

    private static func seconds(_ value: Double?) -> String { value.map { "\(digits($0)) s" } ?? nothing }

    private static func errors(_ rate: Double?, _ p99: Double?) -> String {
        rate == nil && p99 == nil ? nothing : "\(percent(rate)), \(percent(p99))"
    }

    private static func cpu(_ part: PlanTable.Part?) -> String {
        part.map { "\(digits($0.cpu_us)) µs" } ?? nothing
    }

    private static func digits(_ value: Double) -> String { value.formatted(digits: value < 10 ? 2 : 1) }

    private static func number(_ value: Double?, _ digits: Int) -> String {
        value.map { $0.formatted(digits: digits) } ?? nothing
    }

    private static func percent(_ share: Double?) -> String {
        share.map { "\(($0 * 100).formatted(digits: 0)) %" } ?? nothing
    }

    private static func ratio(_ value: Double?) -> String { value.map { "\(digits($0)) times" } ?? nothing }

    private static func time(_ value_ns: Double?) -> String {
        TextTable.time(value_ns.flatMap { $0.isFinite ? UInt64($0) : nil })
    }

    private static func rate(_ bytes: Double?) -> String {
        guard let bytes else { return nothing }
        let (unit, size) = bytes >= 1e9 ? ("GB", 1e9) : bytes >= 1e6 ? ("MB", 1e6) : ("kB", 1e3)
        return "\(digits(bytes / size)) \(unit)/s"
    }

    // MARK: Sentences

    private var planned: [PlanTable.Row] { plan.rows.filter { $0.utilization != nil } }

    private var title: String {
        let rate = plan.request.perSecond
        let share = planned.map { self.share($0) }
        let same = share.dropFirst().allSatisfy { $0 == share[0] } ? share.first.map { ", \($0)" } ?? "" : ""
        return "Fleets for \(TextTable.trimmed(rate, digits: 2)) requests a second\(same)"
    }

    private func share(_ row: PlanTable.Row) -> String {
        "cores that work \(Self.percent(row.utilization)) of the time"
    }

    private var refused: [String] {
        plan.rows.filter { $0.utilization == nil }.map { "\($0.strategy): \($0.reason)" }
    }

    private var disturbed: [String] {
        planned.filter { !$0.isValid }.map { "\($0.strategy): no valid row: \($0.reason)" }
    }

    private var outside: [String] {
        planned.filter { !$0.outside.isEmpty }.map { "\($0.strategy): \($0.outside)" }
    }

    private var extrapolated: [String] {
        planned.flatMap { row in row.extrapolated.map { "\(row.strategy): \($0)" } }
    }

    private var checks: [String] {
        plan.checks.map { check in
            let parts = [
                check.rate.map {
                    "\($0.measured.formatted(digits: 0)) a second measured, \($0.predicted.formatted(digits: 0)) predicted"
                },
                check.p99.map {
                    "p99 \(Self.time($0.measured)) measured, \(Self.time($0.predicted)) predicted"
                },
            ].compactMap(\.self)
            let clients = "\(check.clients) client\(check.clients == 1 ? "" : "s")"
            return "\(check.strategy), \(clients), \(check.runID): \(parts.joined(separator: "; "))"
        }
    }

    private var machine: String {
        plan.measured.folders.first?.record.machine.cpu_model ?? "an unknown processor"
    }
    private var runs: String { plan.measured.folders.map(\.runID).joined(separator: ", ") }

    private var lists: [(title: String, lines: [String])] {
        [
            ("No plan", refused), ("Rows that something disturbed", disturbed),
            ("Outside what was validated", outside), ("Extrapolated", extrapolated),
            ("Against rows that the model was not made from", checks),
        ].filter { !$0.lines.isEmpty }
    }

    private static let remark =
        "* Simulated with the trace of the run. Spare machines are not in the plan."

    // MARK: Formats

    /// With a table for each three strategies: more columns would not fit a screen.
    var table: String {
        var text = title + "\n\n"
        for start in stride(from: 0, to: planned.count, by: 3) {
            let some = planned[start..<min(start + 3, planned.count)]
            let rows = TextTable.aligned(
                titles: [""] + some.map(\.strategy), lines.map { line in [line.title] + some.map(line.cell) },
                leading: 1)
            text += rows.map { $0 + "\n" }.joined() + "\n"
        }
        if !planned.isEmpty { text += Self.remark + "\n" }
        for list in lists { text += "\(list.title)\n" + list.lines.map { "  \($0)\n" }.joined() }
        return text + "Repeat it: \(command)\nMachine: \(machine); runs: \(runs)\n"
    }

    var markdown: String {
        func row(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
        var text = "# \(title)\n\n"
        if !planned.isEmpty {
            text += row([" "] + planned.map(\.strategy))
            text += "|---|" + String(repeating: "---:|", count: planned.count) + "\n"
            for line in lines {
                text += row([line.title.replacing("*", with: "\\*")] + planned.map(line.cell))
            }
            text += "\n" + Self.remark.replacing("*", with: "\\*") + "\n"
        }
        for list in lists { text += "\n## \(list.title)\n\n" + list.lines.map { "* \($0)\n" }.joined() }
        return text + "\n`\(command)` repeats it. Machine: \(machine); runs: \(runs).\n"
    }
}
