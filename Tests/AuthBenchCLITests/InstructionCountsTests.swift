import Foundation
import Testing

@testable import AuthBenchCLI
@testable import AuthGate
import AuthResults

/// The gate's counts of instructions.
@Suite("Instruction counts")
struct InstructionCountsTests {
    /// Programs that are nothing but numbers of instructions: one for each time that a case is counted.
    private final class Script: InstructionCounter {
        typealias Side = [(item: String, counts: [UInt64])]

        private let base: Side
        private let head: Side
        private(set) var asked: [String] = []

        init(base: Side, head: Side) {
            (self.base, self.head) = (base, head)
        }

        func cases(of program: URL) -> [InstructionAnswer.Case] {
            (program.lastPathComponent == "base" ? base : head).map {
                InstructionAnswer.Case(name: $0.item, operation: "authenticate")
            }
        }

        func instructions(
            _ item: String, _ operations: Int, base _: URL, head _: URL
        ) throws -> (base: UInt64, head: UInt64) {
            let time = asked.count { $0 == item }
            asked.append(item)
            func count(_ side: Side) throws -> UInt64 {
                let own = try #require(side.first { $0.item == item })
                return own.counts[time] * UInt64(operations)
            }
            return (try count(base), try count(head))
        }

        func measure(strategies: Set<String> = []) throws -> [InstructionCount] {
            let folder = URL(fileURLWithPath: "/nowhere")
            return try InstructionCounts(counter: self, strategies: strategies).measure(
                base: folder.appendingPathComponent("base"), head: folder.appendingPathComponent("head")
            ) { _ in }
        }
    }

    @Test("proves 2 % more once it has been seen twice")
    func regression() throws {
        let script = Script(base: [("a", [1000, 1000])], head: [("a", [1020, 1020])])
        let count = try #require(try script.measure().first)
        #expect(count.verdict == .regression)
        #expect(count.runs == 2)
        #expect(count.row.base == 1000)
        #expect(count.row.head == 1020)
        #expect(abs((count.row.change ?? 0) - 0.02) < 1e-12)
        #expect(count.row.metric == "instructions")
    }

    @Test("passes what is more the first time only")
    func outlier() throws {
        let script = Script(base: [("a", [1000, 1000])], head: [("a", [1020, 1000])])
        #expect(try script.measure().map(\.verdict) == [.pass])
        #expect(script.asked == ["a", "a"])
    }

    @Test(
        "takes up to 1 % for no change, either way",
        arguments: [
            (1009, "pass"), (1010, "pass"), (1011, "regression"), (991, "pass"), (989, "improvement"),
        ])
    func tolerance(head: UInt64, verdict: String) throws {
        let script = Script(base: [("a", [1000, 1000])], head: [("a", [head, head])])
        #expect(try script.measure().map(\.verdict.rawValue) == [verdict])
    }

    @Test("judges no case that only one program has, and says which")
    func unpaired() throws {
        let script = Script(
            base: [("old", [5]), ("both", [7])], head: [("both", [7]), ("new", [9])])
        let counts = try script.measure()
        #expect(counts.map(\.name) == ["both", "new", "old"])
        #expect(counts.map(\.verdict) == [.pass, .notGated, .notGated])
        #expect(counts.map(\.row.why.first) == [nil, "n", "g"])
        #expect(script.asked == ["both"])
    }

    @Test("counts the strategies that were asked for only")
    func chosen() throws {
        let script = Script(base: [("a", [1]), ("b", [1])], head: [("a", [1]), ("b", [1])])
        #expect(try script.measure(strategies: ["b"]).map(\.name) == ["b"])
    }

    private static let output = """
        # callgrind format
        version: 1
        creator: callgrind-3.19.0
        pid: 31407
        cmd:  authbench count-instructions hs256-jwt 400
        part: 1
        desc: Trigger: Program termination
        positions: line
        events: Ir
        summary: 14486527
        fn=(0) below main
        0 12
        totals: 14486527

        """

    @Test("reads the total of instructions, wherever it stands among the events")
    func total() {
        #expect(InstructionOutput.total(Self.output) == 14_486_527)
        let more = Self.output.replacing("events: Ir", with: "events: Dr Ir")
            .replacing("totals: 14486527", with: "totals: 5 7")
        #expect(InstructionOutput.total(more) == 7)
    }

    @Test("takes no output that is cut short or counts something else")
    func noTotal() {
        #expect(InstructionOutput.total("") == nil)
        #expect(InstructionOutput.total(Self.output.replacing("totals: 14486527\n", with: "")) == nil)
        #expect(InstructionOutput.total(Self.output.replacing("events: Ir", with: "events: Dr")) == nil)
        #expect(InstructionOutput.total(Self.output.replacing("totals: 1", with: "totals: -1")) == nil)
    }
}
