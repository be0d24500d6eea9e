import AuthStatistics

/// A sweep as tables for people.
package enum SweepText {
    /// One line for each strategy and value, by strategy.
    package static func text(_ rows: [SweepTable.Row]) -> String {
        func place(_ row: SweepTable.Row) -> (String, Double, String) {
            (String(row.strategy.prefix { $0 != "@" }), row.point.value ?? -1, row.strategy)
        }
        let sorted = rows.sorted { place($0) < place($1) }
        let isOpen = rows.contains { $0.response != nil }
        let titles = [
            "strategy", rows.first?.point.over ?? "", isOpen ? "resp. p50" : "auth p50",
            isOpen ? "resp. p99" : "auth p99", "CPU µs", "trips", "ops/s", "errs", "valid",
        ]
        let cells = sorted.map { row -> [String] in
            let times = (isOpen ? row.response : row.service)?.times
            return [
                row.strategy, row.point.text, TextTable.time(times?.supported_ns(0.5)),
                TextTable.time(times?.supported_ns(0.99)), number(row.pooled.cpu_us_per_op, 2),
                number(row.pooled.storeRoundTrips_per_op, 2), number(row.pooled.rate, 0),
                String(row.pooled.decisions.errors), "\(row.pooled.validRepeats)/\(row.pooled.repeats)",
            ]
        }
        return lines(titles, cells, leading: 1) + notes(sorted)
    }

    private static func notes(_ rows: [SweepTable.Row]) -> String {
        rows.filter { !$0.reason.isEmpty }.map {
            "not valid: \($0.strategy), \($0.point.over) \($0.point.text): \($0.reason)\n"
        }.joined()
    }

    /// One line for each strategy: the rate that it carries, between what held and what broke.
    package static func text(_ rows: [CapacityTable.Row]) -> String {
        let cells = rows.map { row in
            [
                row.strategy, row.isFound ? "\(number(row.held, 0))–\(number(row.broken, 0))" : "not found",
                row.isFound ? "" : number(row.held, 0), row.limit.rawValue,
                row.last.clients.map(String.init) ?? "–",
                String(row.probes),
            ]
        }
        let titles = ["strategy", "capacity per s", "held", "limit", "clients", "probes"]
        let reasons = rows.map { "\($0.strategy): \($0.why)\n" }.joined()
        return "objectives: \(rows.first?.objectives.joined(separator: "; ") ?? "")\n"
            + lines(titles, cells, leading: 1) + reasons
    }

    /// One line for each strategy: its scalability law, with the worst residual, or why there is none.
    package static func text(_ rows: [ScalabilityTable.Row]) -> String {
        let own = Dictionary(grouping: rows) { $0.measured.strategy }.sorted { $0.key < $1.key }
        let fitted = own.filter { $0.value.first?.law != nil }
        let cells = fitted.map { strategy, levels -> [String] in
            let law = levels.first?.law
            let valid = levels.filter { $0.measured.pooled.isValid }
            let worst = valid.compactMap(\.residual).max { abs($0) < abs($1) }
            let most = valid.compactMap { $0.measured.point.value }.max() ?? 0
            let peak = law?.peakClients.map { $0 > most ? "> \(number(most, 0))" : number($0, 1) }
            return [
                strategy, number(law?.lambda, 0), number(law?.sigma, 4), number(law?.kappa, 6),
                peak ?? "–", number(law.map { $0.explained * 100 }, 1) + " %",
                number(worst.map { $0 * 100 }, 1) + " %",
            ]
        }
        let titles = ["scalability law", "λ per s", "σ", "κ", "peak clients", "explained", "worst residual"]
        let refusals = own.compactMap { strategy, levels in
            levels.first?.refusal.map { "no law: \(strategy): \($0)\n" }
        }
        return (cells.isEmpty ? "" : lines(titles, cells, leading: 1)) + refusals.joined()
    }

    private static func lines(_ titles: [String], _ cells: [[String]], leading: Int) -> String {
        TextTable.aligned(titles: titles, cells, leading: leading).map { $0 + "\n" }.joined()
    }

    private static func number(_ value: Double?, _ digits: Int) -> String {
        value?.formatted(digits: digits) ?? "–"
    }
}
