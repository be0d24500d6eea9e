import AuthStatistics
import Testing

@testable import AuthResults

@Suite("Objectives")
struct ObjectiveTests {
    @Test(
        "what is typed is read, with the response clock unless the other is named",
        arguments: [
            ("p99 <= 5ms", Objective.Quantity.time(.response, quantile: 0.99), 5e6),
            ("p50<=200us", .time(.response, quantile: 0.5), 2e5),
            ("service p999 <= 1.5s", .time(.service, quantile: 0.999), 1.5e9),
            ("response p90 <= 1ms", .time(.response, quantile: 0.9), 1e6), ("errors <= 0", .errors, 0),
            ("errors <= 0.1%", .errors, 0.001),
        ])
    func read(text: String, quantity: Objective.Quantity, limit: Double) throws {
        let objective = try Objective(text)
        #expect(objective.quantity == quantity)
        #expect(abs(objective.limit - limit) <= limit * 1e-12)
    }

    @Test(
        "what has no unit, no known name or no bound is refused",
        arguments: [
            "", "p99", "p99 <= 5", "p99 >= 5ms", "p99 < 5ms", "p99 <= 0ms", "p98 <= 5ms", "errors <= 1",
            "errors <= 101%",
            "service errors <= 1%", "client p99 <= 5ms", "p99 <= -5ms", "p99 <= 5 ms", "p99 <= .ms",
            "a b p99 <= 5ms",
        ])
    func refused(text: String) {
        #expect(throws: ResultError.self) { try Objective(text) }
    }

    @Test("errors are none where nothing is said of them, and what is said holds instead")
    func errors() throws {
        #expect(try Objective.all(["p99 <= 5ms"]).map(\.text) == ["p99 <= 5ms", "errors <= 0"])
        #expect(try Objective.all(["errors <= 1%"]).map(\.text) == ["errors <= 1%"])
    }

    @Test(
        "two that cannot both be meant are refused, and two that can are not",
        arguments: [
            (["p99 <= 5ms", "p99 <= 6ms"], false), (["p99 <= 5ms", "p99 <= 5ms"], false),
            (["p50 <= 6ms", "p99 <= 5ms"], false), (["p99 <= 5ms", "p50 <= 6ms"], false),
            (["p99 <= 5ms", "p50 <= 1ms"], true), (["p99 <= 5ms", "service p99 <= 1ms"], true),
            (["p50 <= 5ms", "p99 <= 5ms"], true), (["service p50 <= 6ms", "p99 <= 5ms"], true),
        ])
    func contradictions(texts: [String], isGood: Bool) {
        #expect(((try? Objective.all(texts)) != nil) == isGood)
    }
}
