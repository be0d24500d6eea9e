import AuthResults

/// A sentence that people repeat, and how rows settle it.
package struct Claim: Sendable {
    package let id: String
    package let statement: String
    /// What makes the verdict, in words.
    package let rule: String
    /// The experiments whose rows it reads; none where it cannot be measured.
    package let needs: [ClaimExperiment]
    /// The store distance that has to be searched, where there is one.
    package let search: DistanceSearch?
    let settle: @Sendable (Evidence) throws(UnmeasuredError) -> Outcome

    /// What rows say of it.
    package struct Outcome {
        package var verdict: Verdict
        package var figures: [Figure]

        init(_ verdict: Verdict, _ figures: [Figure]) { (self.verdict, self.figures) = (verdict, figures) }
    }

    package enum Verdict: Equatable, CustomStringConvertible {
        case holds
        /// The quantity, the comparison and the number with its unit.
        case holdsWhen(String)
        case doesNotHold
        /// Two runs might not agree.
        case undecided
        case notMeasured(String)

        package var description: String {
            switch self {
            case .holds: "holds"
            case .holdsWhen(let boundary): "holds when \(boundary)"
            case .doesNotHold: "does not hold"
            case .undecided: "undecided here"
            case .notMeasured(let reason): "not measured: \(reason)"
            }
        }
    }

    init(
        _ id: String, _ statement: String, rule: String, needs: [ClaimExperiment],
        search: DistanceSearch? = nil,
        settle: @escaping @Sendable (Evidence) throws(UnmeasuredError) -> Outcome
    ) {
        (self.id, self.statement, self.rule) = (id, statement, rule)
        (self.needs, self.search, self.settle) = (needs, search, settle)
    }

    /// A claim that this version has no experiment for.
    init(_ id: String, _ statement: String, unmeasured reason: String) {
        self.init(id, statement, rule: "", needs: []) { _ throws(UnmeasuredError) in
            throw UnmeasuredError(reason)
        }
    }

    package static let all = (sizes + costs + staleness + safety + scale).sorted { $0.id < $1.id }

    /// What the rows say.
    package func outcome(of evidence: Evidence) -> Outcome {
        do throws(UnmeasuredError) { return try settle(evidence) } catch {
            return Outcome(.notMeasured(error.description), [])
        }
    }
}

/// One command line whose rows several claims read.
package enum ClaimExperiment: String, CaseIterable, Sendable {
    /// Reads by one client, so that nobody waits for a processor.
    case read
    /// Many sign-ins by one client.
    case sign
    /// Eight clients at once.
    case eight
    /// The store 1 ms away.
    case far
    /// So many verifying nodes, which are clients here; of 8 some share 4 caches.
    case nodes2 = "nodes-2"
    case nodes4 = "nodes-4"
    case nodes8 = "nodes-8"
    case lifetime
    case exposure
    case logoutEverywhere = "logout-everywhere"
    case conform

    package func arguments(isQuick: Bool) -> [String] {
        func strategies(_ names: String...) -> [String] { names.flatMap { ["--strategy", $0] } }
        let time =
            isQuick
            ? ["--duration", "0.3", "--repeats", "5", "--warm-up", "0.1"]
            : ["--duration", "2", "--repeats", "7", "--warm-up", "0.25"]
        let browse = ["run", "browse", "--clients", "1", "--population", "4000"] + time
        switch self {
        case .read:
            return browse
                + strategies(
                    "redis-session", "postgres-session", "hs256-jwt", "rs256-jwt", "es256-jwt",
                    "ed25519-jwt", "denylist-redis", "denylist-pushed", "epoch-redis", "hybrid")
        case .sign:
            return ["run", "login-storm", "--clients", "1", "--population", "1000"] + time
                + strategies(
                    "redis-session", "postgres-session", "rs256-jwt", "es256-jwt", "ed25519-jwt", "one-time")
        case .eight:
            return ["run", "browse", "--clients", "8", "--population", "4000"] + time
                + strategies("redis-session", "postgres-session")
        case .far:
            return browse + ["--store-rtt", "1ms"]
                + strategies("redis-session", "postgres-session", "denylist-redis", "denylist-pushed")
        case .nodes2, .nodes4, .nodes8:
            let names = ["hs256-jwt", "redis-session"] + (self == .nodes8 ? Claim.routed : [])
            // Short, and with many sessions: copies do not age any more when the trace's clock has come to its end.
            let (duration, repeats) = isQuick ? ("0.3", "3") : ("0.5", "5")
            return ["run", "browse", "--clients", String(rawValue.dropFirst(6)), "--population", "20000"]
                + ["--duration", duration, "--repeats", repeats, "--warm-up", "0.1"]
                + names.flatMap { ["--strategy", $0] }
        case .lifetime:
            return browse + strategies("redis-session", "hybrid@access=1m", "hybrid@access=15m")
        case .exposure:
            return ["exposure", "--credentials", isQuick ? "600" : "2000", "--seconds", isQuick ? "4" : "8"]
                + strategies(
                    "redis-session", "redis-session@cache=5s", "hs256-jwt", "rs256-jwt", "denylist-redis",
                    "denylist-pushed", "hybrid")
        case .logoutEverywhere:
            // Fewer users have fewer sessions to present, in a turn as long.
            return ["logout-everywhere"]
                + (isQuick ? ["--repeats", "3", "--users", "6", "--every", "85ms"] : ["--repeats", "10"])
                + strategies("redis-session", "postgres-session")
        case .conform:
            return ["conform"]
                + strategies(
                    "sqlite-session", "redis-session", "postgres-session", "hs256-jwt", "rs256-jwt",
                    "es256-jwt", "ed25519-jwt", "denylist-redis", "one-time", "hybrid")
        }
    }

    /// Exit statuses besides those of every experiment whose rows are results: here, of a proved fault.
    package var tellsFaults: Bool { [.conform, .exposure, .logoutEverywhere].contains(self) }
}

/// The distance to a store from which a claim holds, by halving the range in which it lies.
package struct DistanceSearch: Sendable {
    /// Begins the names of its experiments.
    package let name: String
    let strategies: [String]
    /// What is compared with the line at a distance, and the line above which the claim holds.
    let figure: @Sendable (Evidence, _ experiment: String) throws(UnmeasuredError) -> Figure
    let line: Double

    /// In µs.
    package static let nearest = 20.0
    package static let farthest = 1280.0
    /// Neighbours are at most this factor apart where the search ends.
    static let precision = 1.2
    /// Noise may leave a range that no further point makes narrower.
    static let mostPoints = 12

    package func experiment(at distance_us: Double) -> String { "\(name)-\(Int(distance_us))us" }

    package func arguments(at distance_us: Double, isQuick: Bool) -> [String] {
        ["run", "browse", "--clients", "1", "--population", "1000", "--warm-up", "0.1"]
            + (isQuick ? ["--duration", "0.3", "--repeats", "3"] : ["--duration", "1", "--repeats", "5"])
            + ["--store-rtt", "\(Int(distance_us))us"] + strategies.flatMap { ["--strategy", $0] }
    }

    /// Where to measure next; `nil` where the range is small enough, or nothing is to be found.
    package func next(_ evidence: Evidence) -> Double? {
        Self.next(after: points(evidence).map { ($0.asked_us, $0.side) })
    }

    /// Chooses the next distance.
    ///
    /// It halves the range between the last point that is clearly below the line and the first that is clearly above it. Of a
    /// point that is neither, both neighbours are looked for.
    ///
    /// - Parameter known: the distances measured so far, from near to far, and on which side of the line each is.
    /// - Returns: the distance in µs; `nil` where the search is over.
    static func next(after known: [(asked_us: Double, side: Figure.Side)]) -> Double? {
        for end in [nearest, farthest] where !known.contains(where: { $0.asked_us == end }) { return end }
        guard let (low, high) = bracket(known.map(\.side)) else { return nil }
        let widest = (low..<high).map { (known[$0].asked_us, known[$0 + 1].asked_us) }
            .filter { $0.1 / $0.0 > precision }.max { $0.1 / $0.0 < $1.1 / $1.0 }
        guard let widest, known.count < mostPoints else { return nil }
        let middle = (widest.0 * widest.1).squareRoot().rounded()
        return known.contains { $0.asked_us == middle } ? nil : middle
    }

    /// Between which points the line is crossed: the last of those that are below it, and the first of those above.
    ///
    /// - Returns: their places; `nil` where the line is not crossed, or not once.
    private static func bracket(_ sides: [Figure.Side]) -> (low: Int, high: Int)? {
        guard let low = sides.lastIndex(of: .below), let high = sides.firstIndex(of: .above), low < high
        else { return nil }
        return (low, high)
    }

    struct Point {
        var asked_us: Double
        /// Where the whole interval lies.
        var side: Figure.Side
        var distance: Figure
        var figure: Figure
    }

    func points(_ evidence: Evidence) -> [Point] {
        let experiments = Set(evidence.folders.map(\.experiment).filter { $0.hasPrefix(name + "-") })
        return experiments.compactMap { experiment -> Point? in
            guard
                let asked_us = Double(experiment.dropFirst(name.count + 1).dropLast(2)),
                let figure = try? figure(evidence, experiment),
                let distance = try? evidence.repeats(
                    "store_rtt_p50_ns", of: strategies[0], in: experiment
                ).figure("round trip to the store asked for as \(Int(asked_us)) µs", "ns")
            else { return nil }
            return Point(
                asked_us: asked_us, side: figure.whole(of: line), distance: distance, figure: figure)
        }.sorted { $0.asked_us < $1.asked_us }
    }

    /// What the distance makes of the claim.
    func outcome(
        _ evidence: Evidence, besides figures: [Figure]
    ) throws(UnmeasuredError) -> Claim.Outcome {
        let points = points(evidence)
        guard let first = points.first, let last = points.last else {
            throw UnmeasuredError("the results have no experiment \(name)-…us")
        }
        guard let (low, high) = Self.bracket(points.map(\.side)).map({ (points[$0.low], points[$0.high]) })
        else {
            let sides = Set(points.map(\.side))
            if sides == [.above] { return .init(.holds, figures + [first.figure]) }
            if sides == [.below] { return .init(.doesNotHold, figures + [last.figure]) }
            // Above, below and above again: noise decided, or all lies within it.
            return .init(.undecided, figures + [first.figure, last.figure])
        }
        let ends = (
            min(low.distance.value, high.distance.value), max(low.distance.value, high.distance.value)
        )
        let boundary = Figure(
            name: "boundary", unit: "ns", value: (ends.0 * ends.1).squareRoot(),
            interval: .init(low: ends.0, high: ends.1),
            cells: low.distance.cells + high.distance.cells,
            isValid: [low.distance, high.distance, low.figure, high.figure].allSatisfy(\.isValid))
        let text = "round trip to the store >= \(FigureText.text(boundary.value, "ns"))"
        return .init(.holdsWhen(text), figures + [boundary, low.figure, high.figure])
    }
}
