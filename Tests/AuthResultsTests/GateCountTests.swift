import AuthCore
import AuthStatistics
import Foundation
import Testing

@testable import AuthGate
@testable import AuthVerdict

/// What the gate sees beside the times of one client: counts, and cases of the other ranks.
@Suite("Gate counts")
struct GateCountTests {
    /// A gate whose one case has these counts on both sides, block by block.
    private func row(
        _ kind: GateCount.Kind, blocks: Int = 10, operations: Int = 5000, _ base: (Int) -> Double,
        _ head: (Int) -> Double
    ) throws -> VerdictRow {
        var script = GateScript(sentinel: false)
        script.operations = operations
        var lines = script.lines(blocks: [blocks])
        var block = 0
        for index in lines.indices {
            guard var measurement = lines[index].measurement else { continue }
            block += 1
            for (role, value) in [(GateRole.base, base(block)), (.head, head(block))] {
                let count = value * Double(2 * operations)
                if kind == .commands { measurement[role].store_commands = UInt64(count) }
                if kind == .memory { measurement[role].grown_bytes = Int64(count) }
            }
            lines[index].measurement = measurement
        }
        let rows = GateEvaluation(try GateRecording(lines)).report.rows
        return try #require(rows.first { $0.metric == kind.rawValue })
    }

    @Test("one command more is a regression, one fewer an improvement, in however few blocks")
    func exactCommands() throws {
        #expect(try row(.commands, blocks: 1, { _ in 1 }, { _ in 1 }).verdict == .pass)
        let more = try row(.commands, blocks: 1, { _ in 1 }, { _ in 1.0001 })
        #expect(more.verdict == .regression && more.why.contains("the same in every block"))
        #expect(try row(.commands, { _ in 2 }, { _ in 1 }).verdict == .improvement)
        #expect(try #require(try row(.commands, { _ in 2 }, { _ in 3 }).change) == 0.5)
    }

    @Test("one command more is a regression on a disturbed machine and in a biased gate too")
    func exactOnBadMachine() throws {
        var script = GateScript()
        // Most blocks are dropped, and the base differs from itself by a half.
        script.dropped = { $0 > 3 ? "the machine stood still on both sides" : nil }
        script.ratio = { item, _ in item == 1 ? 1.5 : 1 }
        let lines = script.lines(blocks: [10]).map { line in
            var line = line
            line.measurement?.base.store_commands = 10_000
            line.measurement?.head.store_commands = 10_001
            return line
        }
        let report = GateEvaluation(try GateRecording(lines)).report
        #expect(report.findings.contains { $0.verdict == .inconclusive })
        #expect(report.verdict == .regression)
        #expect(report.rows.first?.metric == "store_commands")
    }

    @Test("commands that vary from block to block must be more in every one, by more than a retry")
    func variedCommands() throws {
        let retry: (Int) -> Double = { 1 + Double($0 % 3) / 1000 }
        #expect(try row(.commands, retry, { retry($0 + 1) }).verdict == .pass)
        #expect(try row(.commands, retry, { retry($0 + 1) + 0.05 }).verdict == .regression)
        #expect(try row(.commands, retry, { retry($0 + 1) + ($0 == 4 ? 0 : 0.05) }).verdict == .inconclusive)
        #expect(try row(.commands, blocks: 4, retry, { retry($0 + 1) + 0.05 }).verdict == .inconclusive)
    }

    @Test("an object kept of each operation is a leak, what comes and goes is none")
    func memory() throws {
        let slack: (Int) -> Double = { Double($0 * 7 % 11) - 5 }
        #expect(try row(.memory, slack, { slack($0 + 3) }).verdict == .pass)
        let leak = try row(.memory, slack, { slack($0 + 3) + 32 })
        #expect(leak.verdict == .regression && leak.why.contains("not given back"))
        #expect(try row(.memory, slack, { slack($0 + 3) + ($0 == 2 ? 0 : 32) }).verdict == .inconclusive)
        #expect(try row(.memory, { _ in 40 }, { _ in 40 }).verdict == .pass, "both keep a session each")
        #expect(try row(.memory, { _ in 32 }, { _ in 0 }).verdict == .pass)
    }

    @Test("of few operations a leak must be more than the allocator's own slack")
    func fewOperations() throws {
        #expect(try row(.memory, operations: 300, { _ in 0 }, { _ in 32 }).verdict == .pass)
        #expect(try row(.memory, operations: 600, { _ in 0 }, { _ in 32 }).verdict == .regression)
    }

    @Test("what doubles among several clients is called; what the scheduler does to them is not")
    func parallel() throws {
        func verdict(_ rank: GateRank, _ ratio: @escaping (Int) -> Double) throws -> VerdictReport {
            var script = GateScript(["authenticate-parallel"], sentinel: false)
            script.cases[0].rank = rank
            script.cases[0].clients = 4
            script.ratio = { ratio($1) }
            let report = try script.report(blocks: [10, 24])
            #expect(report.rows.filter { $0.metric == "time_ns" }.map(\.clients) == [4])
            return report
        }
        func noise(_ block: Int) -> Double { exp(0.15 * Double(block * 44 % 71 - 35) / 35) }
        #expect(try verdict(.parallel) { noise($0) }.verdict == .pass)
        let locked = try verdict(.parallel) { 1.9 * noise($0) }
        #expect(locked.verdict == .regression)
        #expect(locked.rows.map(\.metric) == ["time_ns"], "neither counts nor quantiles")
        #expect(try verdict(.side) { 1.15 * (1 + noise($0) / 1e4) }.verdict == .regression)
        #expect(try verdict(.side) { 1.05 * (1 + noise($0) / 1e4) }.verdict == .pass)
    }

    @Test("base, head and change of a row belong together, also where there are two kinds of blocks")
    func columns() throws {
        var script = GateScript(sentinel: false)
        // In most blocks as fast as before, in the others three times as slow.
        script.ratio = { $1 % 5 < 3 ? 1.06 + Double($1) / 1e4 : 3 + Double($1) / 1e4 }
        let report = try script.report(blocks: [10, 24])
        let row = try #require(report.rows.first { $0.metric == "mean_ns" })
        let (base, head) = (try #require(row.base), try #require(row.head))
        #expect(abs(head / base - 1 - (row.change ?? 0)) < 1e-9)
        #expect(row.verdict == .regression)
        #expect(row.why.contains("in the middle half of the blocks"), "\(row.why)")
    }

    @Test("the store's CPU time is a metric of its own where there is a server")
    func storeCPU() throws {
        var script = GateScript(sentinel: false)
        script.cases[0].has_server = true
        var lines = script.lines(blocks: [10, 24])
        for index in lines.indices {
            guard var measurement = lines[index].measurement else { continue }
            measurement.store_cpu_ns = measurement.order.enumerated().map {
                UInt64(($0.element == "h" ? 1_200_000 : 1_000_000) + index * 100 + $0.offset)
            }
            lines[index].measurement = measurement
        }
        let rows = GateEvaluation(try GateRecording(lines)).report.rows
        #expect(rows.first { $0.metric == "store_cpu_ns" }?.verdict == .regression)
        #expect(rows.first { $0.metric == "time_ns" }?.verdict == .pass)
        lines[1].measurement?.store_cpu_ns.removeLast()
        #expect(throws: GateRecordingError.self) { try GateRecording(lines) }
    }
}
