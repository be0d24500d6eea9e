import AuthResults
import Foundation
import Testing

@testable import AuthDecision

@Suite struct ClaimTests {
    @Test func `every claim from CLM-01 to CLM-25 has one entry`() {
        let ids = (1...25).map { $0 < 10 ? "CLM-0\($0)" : "CLM-\($0)" }
        #expect(Claim.all.map(\.id) == ids)
    }

    @Test func `a claim that is measured says its rule`() {
        #expect(Claim.all.allSatisfy { $0.needs.isEmpty == $0.rule.isEmpty })
    }

    @Test func `recorded rows give the recorded verdicts and figures byte for byte`() throws {
        let report = ClaimsReport(Claim.all, try Recorded.evidence())
        func file(_ name: String) throws -> String {
            try String(contentsOf: Recorded.url.appendingPathComponent(name), encoding: .utf8)
        }
        #expect(CSV.text(ClaimTable.columns, report.rows) == (try file("claims.csv")))
        #expect(CSV.text(ClaimTable.Cited.columns, report.cited) == (try file("claims_rows.csv")))
    }

    @Test func `every figure is made of the cells that it cites`() throws {
        let report = ClaimsReport(Claim.all, try Recorded.evidence())
        for row in report.rows where !row.figure.isEmpty && !row.figure.hasPrefix("boundary") {
            let cells = report.cited.filter { $0.claim == row.claim && $0.figure == row.figure }
            let value = try #require(row.value)
            let again = Self.recalculated(cells)
            #expect(abs(again - value) <= abs(value) * 1e-9, "\(row.claim): \(row.figure)")
            if let low = cells.first(where: { $0.part == "low" }) { #expect(Double(low.value) == row.low) }
            if let high = cells.first(where: { $0.part == "high" }) {
                #expect(Double(high.value) == row.high)
            }
        }
    }

    /// By the sentence in the schema of `claims_rows.csv`, with nothing of what made the figure.
    private static func recalculated(_ cells: [ClaimTable.Cited]) -> Double {
        let repeats = Dictionary(grouping: cells, by: \.repeatIndex).values.map { own in
            func sum(_ part: String) -> Double {
                own.filter { $0.part == part }.reduce(0) { $0 + (Double($1.value) ?? 0) }
            }
            let isRatio = own.contains { $0.part == "over" }
            let factors = own.filter { $0.part == "times" }.map { Double($0.value) ?? 0 }
            return factors.reduce(sum("plus") - sum("minus"), *) / (isRatio ? sum("over") : 1)
        }
        let hasDifference = cells.contains { $0.part == "minus" }
        guard !hasDifference, repeats.allSatisfy({ $0 > 0 }) else {
            return repeats.reduce(0, +) / Double(repeats.count)
        }
        return exp(repeats.reduce(0) { $0 + log($1) } / Double(repeats.count))
    }

    @Test func `every cited cell stands in the file that it names`() throws {
        let evidence = try Recorded.evidence()
        for cell in ClaimsReport(Claim.all, evidence).cited {
            let rows = evidence.rows(cell.file, of: cell.experiment, cell.strategy)
            #expect(
                rows.contains {
                    $0.about == cell.about && $0["repeat"] == cell.repeatIndex && $0["run_id"] == cell.runID
                        && $0[cell.column] == cell.value
                }, "\(cell.claim): \(cell.figure)")
        }
    }

    @Test func `the recording and its changes reach every kind of verdict`() throws {
        let copy = try Recorded()
        defer { copy.remove() }
        #expect(try copy.verdict("CLM-10") == .holds)
        #expect(try copy.verdict("CLM-25") == .doesNotHold)
        #expect(
            try copy.verdict("CLM-01") == .holdsWhen("claims beyond those of the smallest token >= 144 bytes")
        )
        guard case .notMeasured = try copy.verdict("CLM-23") else {
            Issue.record("CLM-23 needs servers over HTTP")
            return
        }
        // Repeats that have nothing in common.
        var isSlow = false
        let changed = try copy.change(
            "latency.csv", of: "read", where: ["strategy": "ed25519-jwt", "operation": "authenticate"],
            "p50_ns"
        ) { text in
            isSlow.toggle()
            return isSlow ? text : times(0.01)(text)
        }
        #expect(changed == 5)
        #expect(try copy.verdict("CLM-21") == .undecided)
    }
}

/// A strategy that is broken on purpose flips the claims that speak of it.
@Suite struct FlippedClaimTests {
    struct Flip: Sendable, CustomTestStringConvertible {
        var claim: String
        var file: String
        var experiment: String
        var fields: [(String, String)]
        var column: String
        var change: @Sendable (String) -> String
        var verdict: Claim.Verdict

        var testDescription: String { "\(claim): \(fields.map(\.1).joined(separator: " ")) \(column)" }
    }

    static func slower(
        _ claim: String, _ strategy: String, _ experiment: String, by factor: Double,
        _ verdict: Claim.Verdict,
        operation: String = "authenticate"
    ) -> Flip {
        Flip(
            claim: claim, file: "latency.csv", experiment: experiment,
            fields: [("strategy", strategy), ("operation", operation), ("clock", "service")],
            column: "p50_ns", change: { times(factor)($0) }, verdict: verdict)
    }

    static func exposed(
        _ claim: String, _ strategy: String, _ column: String, ms: String, _ verdict: Claim.Verdict,
        after revocation: String = "logout"
    ) -> Flip {
        Flip(
            claim: claim, file: "exposure.csv", experiment: "exposure",
            fields: [("strategy", strategy), ("withdrawal", revocation)], column: column,
            change: { always(ms)($0) }, verdict: verdict)
    }

    static func failing(_ claim: String, _ requirement: String, _ verdict: Claim.Verdict) -> Flip {
        Flip(
            claim: claim, file: "conform.csv", experiment: "conform",
            fields: [("requirement", requirement), ("verdict", "passed")], column: "verdict",
            change: { always("failed")($0) }, verdict: verdict)
    }

    static func ended(
        _ strategy: String, sessions: Int, _ column: String, _ change: @escaping @Sendable (String) -> String,
        _ verdict: Claim.Verdict
    ) -> Flip {
        Flip(
            claim: "CLM-19", file: "logout_everywhere.csv", experiment: "logout-everywhere",
            fields: [("strategy", strategy), ("sessions_per_user", String(sessions))], column: column,
            change: change, verdict: verdict)
    }

    static func counted(
        _ claim: String, _ strategy: String, _ experiment: String, _ column: String, _ value: String,
        _ verdict: Claim.Verdict
    ) -> Flip {
        Flip(
            claim: claim, file: "size.csv", experiment: experiment, fields: [("strategy", strategy)],
            column: column, change: { always(value)($0) }, verdict: verdict)
    }

    static let flips = [
        slower("CLM-04", "redis-session", "read", by: 10, .holds),
        slower("CLM-21", "rs256-jwt", "read", by: 20, .holds),
        slower("CLM-22", "postgres-session", "read", by: 10, .holds),
        slower("CLM-24", "denylist-pushed", "read", by: 100, .undecided),
        exposed("CLM-06", "redis-session", "max_ms", ms: "60000", .doesNotHold),
        exposed("CLM-06", "redis-session@cache=5s", "max_ms", ms: "0", .holds),
        exposed("CLM-07", "hs256-jwt", "p50_ci95_low_ms", ms: "0", .undecided),
        exposed("CLM-08", "hybrid", "login_max_ms", ms: "960000", .doesNotHold),
        exposed("CLM-09", "hybrid", "max_ms", ms: "1300000", .doesNotHold),
        exposed("CLM-10", "redis-session", "max_ms", ms: "60000", .doesNotHold, after: "permission-change"),
        exposed("CLM-25", "hs256-jwt", "login_max_ms", ms: "3000000", .holds),
        counted("CLM-01", "redis-session", "read", "credential_bytes", "80", .doesNotHold),
        counted("CLM-05", "hs256-jwt", "read", "store_commands_per_authenticate", "1.00", .doesNotHold),
        counted("CLM-13", "hs256-jwt", "read", "http2_repeat_bytes", "348", .holds),
        counted("CLM-18", "one-time", "sign", "store_commands_per_authenticate", "0.00", .holds),
        failing("CLM-02", "SES-01", .doesNotHold),
        failing("CLM-14", "JWT-28", .doesNotHold),
        failing("CLM-16", "JWT-39", .doesNotHold),
        failing("CLM-17", "SES-04", .holds),
        Flip(
            claim: "CLM-15", file: "conform.csv", experiment: "conform",
            fields: [("requirement", "JWT-38"), ("verdict", "passed")], column: "cases",
            change: { always("0")($0) }, verdict: .doesNotHold),
        Flip(
            claim: "CLM-11", file: "throughput.csv", experiment: "nodes-8",
            fields: [("strategy", "hs256-jwt")], column: "achieved_rate", change: { always("100")($0) },
            verdict: .doesNotHold),
        Flip(
            claim: "CLM-12", file: "throughput.csv", experiment: "nodes-8",
            fields: [("strategy", Claim.routed[1])], column: "store_round_trips_per_op",
            change: { always("0.0001")($0) }, verdict: .doesNotHold),
        exposed("CLM-20", "hybrid", "max_ms", ms: "1300000", .doesNotHold),
        ended("redis-session", sessions: 1000, "accepted_after", { always("1")($0) }, .doesNotHold),
        ended("postgres-session", sessions: 1, "logout_p50_ns", { times(10_000)($0) }, .doesNotHold),
        ended(
            "postgres-session", sessions: 10, "p99_ns", { times(10_000)($0) },
            .holdsWhen("sessions per user < 10")),
    ]

    @Test(arguments: flips)
    func `a changed row changes the verdict`(_ flip: Flip) throws {
        let copy = try Recorded()
        defer { copy.remove() }
        #expect(try copy.verdict(flip.claim) != flip.verdict)
        var count = 0
        switch flip.fields.count {
        case 1:
            count = try copy.change(
                flip.file, of: flip.experiment, where: [flip.fields[0].0: flip.fields[0].1], flip.column,
                flip.change)
        case 2:
            count = try copy.change(
                flip.file, of: flip.experiment,
                where: [flip.fields[0].0: flip.fields[0].1, flip.fields[1].0: flip.fields[1].1], flip.column,
                flip.change)
        default:
            count = try copy.change(
                flip.file, of: flip.experiment,
                where: [
                    flip.fields[0].0: flip.fields[0].1, flip.fields[1].0: flip.fields[1].1,
                    flip.fields[2].0: flip.fields[2].1,
                ], flip.column, flip.change)
        }
        #expect(count > 0)
        #expect(try copy.verdict(flip.claim) == flip.verdict)
    }

    @Test func `a lookup that takes no CPU refutes that it takes seconds of it`() throws {
        let copy = try Recorded()
        defer { copy.remove() }
        for column in ["cpu_us_per_op", "store_cpu_us_per_op"] {
            try copy.change(
                "throughput.csv", of: "read", where: ["strategy": "redis-session"], column, always("0.6"))
        }
        #expect(try copy.verdict("CLM-03") == .doesNotHold)
    }
}

@Suite struct DistanceSearchTests {
    /// Searches for a distance that decides, where a measurement is off by up to a share.
    private func searched(_ threshold: Double, noise: Double) throws -> [(
        asked_us: Double, side: Figure.Side
    )] {
        var known: [(asked_us: Double, side: Figure.Side)] = []
        while let next = DistanceSearch.next(after: known) {
            let isClear = abs(next / threshold - 1) > noise
            known.append((next, isClear ? next > threshold ? .above : .below : .undecided))
            known.sort { $0.asked_us < $1.asked_us }
            try #require(known.count <= DistanceSearch.mostPoints)
        }
        return known
    }

    @Test func `a search ends with a bracket around the distance that decides, at most 20 % wide`() throws {
        for trial in 0..<200 {
            let threshold = 21 * pow(60.0, Double(trial) / 200)
            let known = try searched(threshold, noise: 0)
            let low = try #require(known.last { $0.side == .below }).asked_us
            let high = try #require(known.first { $0.side == .above }).asked_us
            #expect(low <= threshold && threshold <= high && high / low <= 1.2)
        }
    }

    @Test func `a distance at which the interval has the line in it lies within the bracket`() throws {
        for trial in 0..<200 {
            let threshold = 30 * pow(30.0, Double(trial) / 200)
            let known = try searched(threshold, noise: 0.15)
            let low = try #require(known.last { $0.side == .below }).asked_us
            let high = try #require(known.first { $0.side == .above }).asked_us
            // Both ends are clear, and lie next to what is not.
            #expect(low < threshold && threshold < high)
            #expect(threshold / low < 1.42 && high / threshold < 1.42, "\(low) \(threshold) \(high)")
        }
    }

    @Test func `a search ends with both ends where the claim holds at every distance, at none, or unclearly`()
    {
        for side in [Figure.Side.above, .below, .undecided] {
            let ends = [(asked_us: DistanceSearch.nearest, side: side), (DistanceSearch.farthest, side)]
            #expect(DistanceSearch.next(after: ends) == nil)
        }
    }
}

@Suite struct DefaultClaimTests {
    @Test func `the claim on the hybrid goes by the requirements of the example`() throws {
        let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Examples/requirements/third-party-api.json")
        let own = try Requirements(json: Data(Claim.thirdPartyAPI.utf8))
        #expect(own.texts == (try Requirements(json: Data(contentsOf: example))).texts)
    }
}
