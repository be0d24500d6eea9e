import AuthStatistics

/// What a search for capacities is to keep, and among which rates: part of `series.json`, so that the search can be followed
/// again from the files.
package struct CapacityPlan: Codable, Sendable, Equatable {
    package var objectives: [String]
    package var start_per_second: Double
    package var lowest_per_second: Double
    package var highest_per_second: Double
    /// The strategy that does nothing, measured beside each other at the same rate.
    package var baseline: String

    package init(
        objectives: [Objective], start: Double, rates: ClosedRange<Double>, baseline: String
    ) {
        self.objectives = objectives.map(\.text)
        (start_per_second, self.baseline) = (start, baseline)
        (lowest_per_second, highest_per_second) = (rates.lowerBound, rates.upperBound)
    }

    package var search: CapacitySearch {
        CapacitySearch(
            start: start_per_second, in: lowest_per_second...max(lowest_per_second, highest_per_second))
    }

    /// A rate is kept where all requests were answered in 1.02 times the time in which they were due.
    ///
    /// The last answers come after the last request, so 1 would be too much; validity allows 1 % of the requests to wait then.
    static let leastDelivered = 0.98
    /// From there on the clients are what is missing.
    private static let busyShare = 0.9

    /// What a probe says of a strategy.
    ///
    /// What held under bad conditions holds under good ones. What broke is the strategy's only where the machine was quiet,
    /// and the baseline kept the same objectives at the same rate with the same clients.
    ///
    /// - Parameters:
    ///   - rows: of the probe, with the baseline's.
    ///   - strategy: the strategy.
    /// - Returns: the answer for the search.
    /// - Throws: `ResultError` for an objective that cannot be read, or a probe without the strategy.
    package func answer(
        _ rows: [SweepTable.Row], of strategy: String
    ) throws(ResultError) -> CapacitySearch.Answer {
        let objectives = try Objective.all(self.objectives)
        guard let own = rows.first(where: { $0.strategy == strategy }),
            let ground = rows.first(where: { $0.strategy == baseline })
        else { throw ResultError("a probe of \(strategy) has no row of it, or none of \(baseline)") }
        let fault = objectives.lazy.compactMap { $0.fault(in: own) }.first ?? Self.lateness(of: own)
        let unknown = objectives.first { !$0.isKnown(in: own) }
        guard fault != nil || unknown != nil else { return .held }
        if let busy = own.machineFault ?? ground.machineFault { return .disturbed(busy) }
        if let late = Self.lateness(of: ground) {
            return .limited("\(baseline), which does nothing, did not keep the rate either: \(late)")
        }
        if let late = own.harnessFault ?? ground.harnessFault { return .limited(late) }
        if let same = objectives.lazy.compactMap({ $0.fault(in: ground) }).first {
            return .limited("\(baseline), which does nothing, broke it too: \(same)")
        }
        guard let fault else {
            return .limited("\(unknown?.text ?? ""): too few requests to say, measure longer (--duration)")
        }
        return .broken(fault + Self.busyClients(own))
    }

    private static func lateness(of row: SweepTable.Row) -> String? {
        guard let share = row.deliveredShare, share < leastDelivered else { return nil }
        return "rate: the answers took \((1 / share).formatted(digits: 2)) times as long as the requests"
    }

    private static func busyClients(_ row: SweepTable.Row) -> String {
        guard let needed = row.pooled.neededClients, let rate = row.pooled.rate, let clients = row.clients,
            needed * rate / 1000 > busyShare * Double(clients)
        else { return "" }
        return "; all \(clients) clients were busy, more may carry more"
    }
}

/// `capacity.csv`: one row for each strategy whose capacity was searched.
package enum CapacityTable {
    package struct Row: Sendable {
        package var strategy: String
        package var objectives: [String]
        package var probes: Int
        package var result: CapacitySearch.Result
        /// The row of the confirmation that held, or of the last probe.
        package var last: SweepTable.Row
    }

    /// Follows each search again through the rows of its probes.
    ///
    /// - Parameters:
    ///   - rows: all rows of the series, in its order.
    ///   - plan: what was searched.
    /// - Returns: a row for each search that came to its end, in the order of the names.
    /// - Throws: `ResultError` where a probe is not the one that the search asks for.
    package static func rows(
        _ rows: [SweepTable.Row], _ plan: CapacityPlan
    ) throws(ResultError) -> [Row] {
        var found: [Row] = []
        for strategy in Set(rows.map(\.strategy)).subtracting([plan.baseline]).sorted() {
            var (search, probes) = (plan.search, 0)
            var last: SweepTable.Row?
            for own in rows where own.strategy == strategy {
                guard let probe = search.next, probe.perSecond == own.point.value,
                    probe.stage.rawValue == own.point.stage
                else { throw ResultError("\(own.experiment) is not the probe that the search asks for") }
                let beside = rows.filter { $0.experiment == own.experiment }
                search.note(try plan.answer(beside, of: strategy))
                (probes, last) = (probes + 1, own)
            }
            guard let result = search.result, let last else { continue }
            found.append(
                Row(
                    strategy: strategy, objectives: plan.objectives, probes: probes, result: result,
                    last: last))
        }
        return found
    }
}

extension CapacityTable.Row {
    package var isFound: Bool { if case .found = result { true } else { false } }

    package var held: Double? {
        switch result {
        case .found(let rates, _): rates.low
        case .notFound(let held, _, _): held
        }
    }

    package var broken: Double? { if case .found(let rates, _) = result { rates.high } else { nil } }

    package var limit: CapacitySearch.Limit {
        if case .notFound(_, let limit, _) = result { limit } else { .objective }
    }

    package var why: String {
        switch result {
        case .found(_, let broken): broken
        case .notFound(_, _, let why): why
        }
    }
}

extension CapacityTable {
    package static var columns: [Column<Row>] {
        SweepTable.identity { $0.last } + [
            Column("objectives", .text, "What the rate had to keep, separated by `; `.") {
                .text($0.objectives.joined(separator: "; "))
            },
            Column("clients", .optionalCount, "Clients that sent the requests.") { .count($0.last.clients) },
            Column("found", .flag, "Whether the capacity lies between the two rates that follow.") {
                .flag($0.isFound)
            },
            Column(
                "held_per_second", .optionalNumber,
                "The highest rate that kept all objectives in the longer stage; blank where none did."
            ) { .number($0.held, 4) },
            Column(
                "broken_per_second", .optionalNumber,
                "The lowest rate at which the strategy broke an objective; blank where it is not found."
            ) { .number($0.broken, 4) },
            Column(
                "limit", .text,
                "What ended the search: `objective`, `generator` (those that send the requests), `machine` (busy with something else) or `range` (the highest rate asked for held)."
            ) { .text($0.limit.rawValue) },
            Column("why", .text, "The same in words: what was wanted and what was measured.") {
                .text($0.why)
            },
            Column("probes", .count, "How many rates were tried, confirmations among them.") {
                .integer(Int64($0.probes))
            },
        ] + RunIdentity(runID: "", workload: "", traceSHA256: "").parameters { $0.strategy }
    }
}
