import AuthResults
import Foundation

/// The ways to write an advice down; each has the same rows.
package enum AdviceFormat: String, CaseIterable, Sendable {
    case table, markdown, json, html

    /// - Parameters:
    ///   - advice: the answer.
    ///   - command: the command line that repeats it.
    /// - Returns: the text with its last line ended.
    /// - Throws: what the JSON encoder throws.
    package func text(_ advice: Advice, command: String) throws -> String {
        let page = AdvicePage(advice, command: command)
        return switch self {
        case .table: page.table
        case .markdown: page.markdown
        case .json: try page.json
        case .html: page.html
        }
    }
}

/// What an advice says, in words and cells.
private struct AdvicePage {
    let advice: Advice
    let command: String

    init(_ advice: Advice, command: String) { (self.advice, self.command) = (advice, command) }

    private var strategies: [AdvisedStrategy] { advice.strategies }

    /// Drivers of which there is something to say, and not twice.
    private var drivers: [Driver] {
        Driver.allCases.filter { driver in
            let findings = strategies.compactMap { $0.findings[driver] }
            let isAsked = findings.contains { $0.verdict != .told }
            if driver == .header, !isAsked { return false }
            return isAsked || findings.contains { $0.text != Finding.notMeasured }
        }
    }

    private func title(_ driver: Driver) -> String {
        let requirements = advice.requirements
        switch driver {
        case .p99:
            let rate = requirements.texts[.requestsPerSecond].map { " at \($0)/s" } ?? ""
            return "p99 of a check\(rate)\(requirements.texts[.storeRTT].map { ", \($0) away" } ?? "")"
        case .signIns: return "sign-ins, and their CPU"
        case .logout: return "accepted after logout"
        case .permission: return "kept after a permission was taken"
        case .storeAway: return "while the store is away"
        case .header: return "header line, bytes"
        case .minting: return "verifiers can make credentials"
        case .stores: return "stores needed"
        case .services: return "several services"
        case .cpu:
            let isWithSignIns = requirements[.signInsPerDay] != nil && requirements[.requestsPerSecond] != nil
            return "CPU per million requests\(isWithSignIns ? ", sign-ins in it" : "")"
        case .bytes: return "bytes per request"
        case .share: return "share of a request"
        case .core: return "requests a second on one core"
        case .price: return "price of the processor"
        }
    }

    private func required(_ driver: Driver) -> String {
        let texts = advice.requirements.texts
        switch driver {
        case .p99, .logout, .permission, .header:
            return driver.key.flatMap { texts[$0] }.map { "<= \($0)" } ?? "–"
        case .signIns: return texts[.signInsPerDay].map { "\($0) a day" } ?? "–"
        case .storeAway: return advice.requirements.mustGoOn ? "requests go on" : "–"
        case .minting: return texts[.verifiersMayMint] == "false" ? "no" : "–"
        case .stores: return texts[.stores].map { $0.isEmpty ? "none" : $0 } ?? "–"
        case .services: return texts[.services] ?? "–"
        case .share: return texts[.requestTime].map { "of \($0) and this" } ?? "–"
        case .cpu, .bytes, .core, .price: return "–"
        }
    }

    private func cell(_ one: AdvisedStrategy, _ driver: Driver) -> String {
        guard let finding = one.findings[driver] else { return "–" }
        return finding.verdict == .told ? finding.text : "\(finding.text) \(finding.verdict.rawValue)"
    }

    // MARK: Sentences

    private var answer: String {
        if let recommended = advice.recommended {
            let others = advice.undominated.filter { $0 != recommended }
            return "\(recommended) meets every requirement at the least processor time."
                + (others.isEmpty
                    ? ""
                    : " \(others.joined(separator: ", ")): more processor time, but a shorter exposure or a shorter p99.")
        }
        let costless = strategies.filter(\.meets).map(\.strategy)
        if !costless.isEmpty {
            return
                "\(costless.joined(separator: ", ")) meet every requirement. What they cost is not known, so none is recommended."
        }
        let open = strategies.filter { $0.fails.isEmpty }.map(\.strategy)
        return open.isEmpty
            ? "No measured strategy meets every requirement."
            : "Nothing is certain: of \(open.joined(separator: ", ")) a requirement is unknown."
    }

    private var flips: [String] {
        strategies.flatMap { one in
            one.flips.map { "\(one.strategy) \(one.meets ? "is out" : "is in") with \($0)" }
        }
    }

    private var missing: [String] {
        strategies.flatMap { one in
            (one.unknown + (one.cpu_us == nil ? [.cpu] : [])).map { driver in
                let finding = one.findings[driver]
                return
                    "\(one.strategy): \(title(driver)): \(finding?.why ?? (driver == .cpu ? "no row has it" : finding?.text ?? ""))"
            }
        }
    }

    private var sources: [String] {
        var seen: Set<String> = []
        return strategies.flatMap { one in
            drivers.flatMap { driver in
                (one.findings[driver]?.sources ?? []).map { "\(one.strategy), \(title(driver)): \($0)" }
            }
        }.filter { seen.insert($0).inserted }
    }

    private var machine: String {
        advice.measured.folders.first?.record.machine.cpu_model ?? "an unknown processor"
    }
    private var runs: String { advice.measured.folders.map(\.runID).joined(separator: ", ") }

    // MARK: Formats

    /// With a table for each four strategies: more columns would not fit a screen.
    var table: String {
        var text = answer + "\n\n"
        for start in stride(from: 0, to: strategies.count, by: 4) {
            let some = strategies[start..<min(start + 4, strategies.count)]
            let lines = TextTable.aligned(
                titles: ["decision driver", "required"] + some.map(\.strategy),
                drivers.map { driver in [title(driver), required(driver)] + some.map { cell($0, driver) } },
                leading: 2)
            text += lines.map { $0 + "\n" }.joined() + "\n"
        }
        func list(_ title: String, _ lines: [String]) -> String {
            lines.isEmpty ? "" : "\(title)\n" + lines.map { "  \($0)\n" }.joined()
        }
        text += list("Flips when", advice.flips.map(\.text) + flips)
        text += list("Not known", missing)
        return text + "Repeat it: \(command)\nMachine: \(machine); runs: \(runs)\n"
    }

    /// A decision record in the sections of MADR 4.0 (https://adr.github.io/madr).
    var markdown: String {
        func list(_ lines: [String]) -> String { lines.map { "* \(Self.escaped($0))\n" }.joined() }
        func row(_ cells: [String]) -> String {
            "| " + cells.map(Self.escaped).joined(separator: " | ") + " |\n"
        }
        let texts = advice.requirements.texts
        var text = "# How requests are authenticated\n\n## Context and Problem Statement\n\n"
        text +=
            "Each request says who sends it. Which way to check that meets what we require, and what does it cost?\n\n"
        text += "## Decision Drivers\n\n"
        text += list(
            RequirementKey.allCases.compactMap { key in texts[key].map { "\(key.rawValue): \($0)" } })
        text += "\n## Considered Options\n\n" + list(strategies.map(\.strategy))
        text += "\n## Decision Outcome\n\n" + Self.escaped(answer) + "\n\n"
        text += row(["decision driver", "required"] + strategies.map(\.strategy))
        text += "|---|---|" + String(repeating: "---:|", count: strategies.count) + "\n"
        for driver in drivers {
            text += row([title(driver), required(driver)] + strategies.map { cell($0, driver) })
        }
        text += "\n### Consequences\n\n"
        text += list(advice.flips.map { "It flips with \($0.text)" } + flips)
        text += "\n### Confirmation\n\n`\(command)` repeats it.\n\n## More Information\n\n"
        text += list(missing.map { "Not known: \($0)" })
        return text + list(["Machine: \(machine)", "Runs: \(runs)"] + sources)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("<", with: "&lt;").replacing("\n", with: " ")
    }

    private struct Body: Encodable {
        struct Strategy: Encodable {
            var strategy: String
            var meets: Bool
            var cpu_us_per_request: Double?
            var drivers: [Row]
            var flips_when: [String]
        }

        struct Row: Encodable {
            var driver: String
            var required: String
            var measured: String
            var verdict: String
            var sources: [String]
        }

        let schema_version = 1
        var recommended: String?
        var undominated: [String]
        var flips_when: [String]
        var requirements: [String: String]
        var strategies: [Strategy]
        var not_known: [String]
        var command: String
        var machine: String
        var runs: [String]
    }

    var json: String {
        get throws {
            let texts = advice.requirements.texts
            let body = Body(
                recommended: advice.recommended, undominated: advice.undominated,
                flips_when: advice.flips.map(\.text),
                requirements: Dictionary(uniqueKeysWithValues: texts.map { ($0.key.rawValue, $0.value) }),
                strategies: strategies.map { one in
                    .init(
                        strategy: one.strategy, meets: one.meets, cpu_us_per_request: one.cpu_us,
                        drivers: drivers.compactMap { driver in
                            one.findings[driver].map {
                                .init(
                                    driver: driver.rawValue, required: required(driver), measured: $0.text,
                                    verdict: $0.verdict.rawValue, sources: $0.sources)
                            }
                        }, flips_when: one.flips)
                }, not_known: missing, command: command, machine: machine,
                runs: advice.measured.folders.map(\.runID))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(body), as: UTF8.self) + "\n"
        }
    }

    /// A page that needs nothing else.
    var html: String {
        func escaped(_ text: String) -> String {
            text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        }
        func list(_ title: String, _ lines: [String]) -> String {
            lines.isEmpty
                ? ""
                : "<h2>\(title)</h2>\n<ul>\n" + lines.map { "<li>\(escaped($0))</li>\n" }.joined() + "</ul>\n"
        }
        var rows = "<tr><th>decision driver</th><th>required</th>"
        rows += strategies.map { "<th>\(escaped($0.strategy))</th>" }.joined() + "</tr>\n"
        for driver in drivers {
            rows += "<tr><th>\(escaped(title(driver)))</th><td>\(escaped(required(driver)))</td>"
            for one in strategies {
                let verdict = one.findings[driver]?.verdict ?? .told
                let name = [Finding.Verdict.ok: "ok", .no: "no", .unknown: "unknown"][verdict] ?? "told"
                rows += "<td class=\"\(name)\">\(escaped(cell(one, driver)))</td>"
            }
            rows += "</tr>\n"
        }
        let style =
            "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}"
            + "table{border-collapse:collapse}th,td{padding:.3rem .6rem;border-bottom:1px solid #ccc;text-align:left}"
            + ".ok{background:#e3f4e3}.no{background:#fbe3e0}.unknown{background:#f4f0d8}"
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>How requests are authenticated</title>
            <style>\(style)</style></head><body>
            <h1>How requests are authenticated</h1>
            <p><strong>\(escaped(answer))</strong></p>
            <table>
            \(rows)</table>
            \(list("Flips when", advice.flips.map(\.text) + flips))\(list("Not known", missing))\
            \(list("From these rows", sources))<p>Repeat it: <code>\(escaped(command))</code></p>
            <p>Machine: \(escaped(machine)); runs: \(escaped(runs))</p>
            </body></html>

            """
    }
}
