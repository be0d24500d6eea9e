import AuthResults
import Foundation
import Testing

/// Each exit status of a comparison, made once, as the README's table has them.
@Suite("Exit statuses")
struct ExitStatusTests {
    /// A candidate beside a base of the same making, and what must come of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status: Int32
        /// What the line on stderr says; there is none with status 0.
        var says = ""
        var options: [String] = []
        var change: @Sendable (inout CraftedRun) -> Void = { _ in }
    }

    static let comparisons: [Case] = [
        Case(testDescription: "alike", status: 0),
        Case(testDescription: "faster", status: 0) { $0.slowness = ["hs256-jwt": 0.7] },
        Case(testDescription: "a tenth slower", status: 1, says: "hs256-jwt") {
            $0.slowness = ["hs256-jwt": 1.1]
        },
        Case(testDescription: "a byte more", status: 1, says: "credential_bytes") {
            $0.credential_bytes += 1
        },
        Case(testDescription: "a byte less", status: 0) { $0.credential_bytes -= 1 },
        Case(testDescription: "a false accept", status: 1, says: "false_accepts") { $0.falseAccepts = 1 },
        Case(testDescription: "a false reject, and faster", status: 1, says: "false_rejects") {
            $0.falseRejects = 1
            $0.slowness = ["hs256-jwt": 0.5, "sqlite-session": 0.5]
        },
        Case(testDescription: "an error", status: 2, says: "the store is down") { $0.errors = 1 },
        Case(testDescription: "an error and a false accept", status: 1, says: "false_accepts") {
            $0.errors = 1
            $0.falseAccepts = 1
        },
        Case(testDescription: "three repeats", status: 3, says: "--repeats 8") { $0.repeats = 3 },
        Case(testDescription: "much noise", status: 3, says: "tolerance") { $0.noise = 0.4 },
        Case(testDescription: "a repeat not valid", status: 3, says: "hypervisor") { $0.stolenShare = 0.5 },
        Case(testDescription: "all faster, the baseline as well", status: 3, says: "moved by +25.0%") {
            $0.slowness = ["hs256-jwt": 0.8, "sqlite-session": 0.8, "null-baseline": 0.8]
        },
        Case(testDescription: "no baseline", status: 3, says: "without null-baseline") {
            $0.strategies = ["hs256-jwt", "sqlite-session"]
            $0.slowness = ["hs256-jwt": 1.5]
        },
        Case(
            testDescription: "inconclusive fails", status: 1, says: "inconclusive",
            options: ["--inconclusive", "fail"]
        ) { $0.repeats = 3 },
        Case(testDescription: "inconclusive passes", status: 0, options: ["--inconclusive", "pass"]) {
            $0.repeats = 3
        },
        Case(
            testDescription: "a regression is not inconclusive", status: 1, says: "regression",
            options: ["--inconclusive", "pass"]
        ) { $0.slowness = ["hs256-jwt": 1.3] },
        Case(testDescription: "another trace", status: 4, says: "trace") {
            $0.trace = String(repeating: "cd", count: 32)
        },
        Case(testDescription: "another processor", status: 4, says: "cpu_model is other, not crafted") {
            $0.cpuModel = "other"
        },
        Case(testDescription: "another kernel", status: 4, says: "kernel is 2.0") { $0.kernel = "2.0" },
        Case(testDescription: "more clients", status: 4, says: "clients is 4, not 2") { $0.clients = 4 },
        Case(testDescription: "another setting", status: 4, says: "sqlite_synchronous") {
            $0.synchronous = "full"
        },
        Case(testDescription: "another mapping", status: 4, says: "sqlite_mmap") { $0.mmap_bytes = 1 << 20 },
        Case(
            testDescription: "another trace is no matter of the machine", status: 4, says: "trace",
            options: ["--allow-different-machine"]
        ) { $0.trace = String(repeating: "cd", count: 32) },
        Case(
            testDescription: "advice cannot fail", status: 0, options: ["--allow-different-machine"]
        ) {
            $0.cpuModel = "other"
            $0.slowness = ["hs256-jwt": 2, "sqlite-session": 2]
        },
        Case(
            testDescription: "but for wrong decisions", status: 1, says: "false_accepts",
            options: ["--allow-different-machine"]
        ) {
            $0.cpuModel = "other"
            $0.falseAccepts = 1
        },
        Case(
            testDescription: "the flag is no advice on one machine", status: 1, says: "regression",
            options: ["--allow-different-machine"]
        ) { $0.slowness = ["hs256-jwt": 1.3] },
        Case(testDescription: "a false accept elsewhere", status: 1, says: "false_accepts") {
            $0.trace = String(repeating: "cd", count: 32)
            $0.falseAccepts = 1
        },
        Case(testDescription: "no strategy of the base", status: 5, says: "nothing measured") {
            $0.strategies = ["redis-session"]
        },
    ]

    @Test("compare ends with the status of its verdict, and one line that says why", arguments: comparisons)
    func compare(one: Case) throws {
        try withFolder { folder in
            let base = try CraftedRun("base").write(in: folder)
            var candidate = CraftedRun("candidate")
            one.change(&candidate)
            let head = try candidate.write(in: folder)
            let result = try Program(["compare", base.path, head.path] + one.options, in: folder).finish()
            #expect(result.status == one.status, "\(result.output)\(result.errors)")
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count == (one.status == 0 ? 0 : 1), "\(result.errors)")
            #expect(lines.allSatisfy { $0.contains(one.says) }, "\(result.errors)")
            #expect(!result.output.isEmpty)
        }
    }

    /// Recordings of real gates, and what their verdict must be; `GateCommandTests` has the statuses 4 and 5.
    static let gates: [(recording: String, change: String?, options: [String], status: Int32, says: String)] =
        [
            ("equal", nil, [], 0, ""),
            ("slow", nil, [], 1, "regression: hs256-jwt authenticate"),
            ("slow", nil, ["--inconclusive", "pass"], 1, "regression: hs256-jwt authenticate"),
            ("equal", "\"seed\":", [], 2, "changed after it was recorded"),
            ("noisy", nil, [], 3, "inconclusive"),
            ("noisy", nil, ["--inconclusive", "fail"], 1, "inconclusive"),
            ("noisy", nil, ["--inconclusive", "pass"], 0, ""),
        ]

    @Test("gate --replay ends with the status of its verdict, and one line that says why", arguments: gates)
    func gate(
        one: (recording: String, change: String?, options: [String], status: Int32, says: String)
    ) throws {
        try withFolder { folder in
            var text = try String(contentsOf: Recordings.url(one.recording), encoding: .utf8)
            if let change = one.change { text = text.replacingOccurrences(of: change, with: change + "1") }
            try Data(text.utf8).write(to: folder.appendingPathComponent("recording.jsonl"))
            let result = try Program(["gate", "--replay", "recording.jsonl"] + one.options, in: folder)
                .finish()
            #expect(result.status == one.status, "\(result.errors)")
            #expect(
                result.errors.split(separator: "\n").count == (one.status == 0 ? 0 : 1), "\(result.errors)")
            #expect(one.says.isEmpty || result.errors.contains(one.says), "\(result.errors)")
        }
    }

    @Test("the statuses 0 to 5 are all among the cases")
    func complete() {
        #expect(Set(Self.comparisons.map(\.status)) == Set(0...5))
    }

    @Test("docs/ci.md has all statuses in one table")
    func documented() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/ci.md"), encoding: .utf8)
        for status in ["0", "1", "2", "3", "4", "5", "64", "65", "129, 130, 131, 143"] {
            let rows = page.split(separator: "\n").filter { $0.hasPrefix("| \(status) |") }
            #expect(rows.count == 1, "\(status)")
        }
    }

    @Test("a run beside itself is no comparison, status 4")
    func itself() throws {
        try withFolder { folder in
            let base = try CraftedRun("base").write(in: folder)
            let result = try Program(["compare", base.path, base.path], in: folder).finish()
            #expect(result.status == 4)
            #expect(result.errors.contains("the same run"), "\(result.errors)")
        }
    }

    @Test("a wrong command line is status 64, a folder that is not sound 65, each in one line without output")
    func badInput() throws {
        try withFolder { folder in
            let base = try CraftedRun("base").write(in: folder).path
            let cut = try CraftedRun("cut").write(in: folder)
            try FileManager.default.removeItem(at: cut.appendingPathComponent("size.csv"))
            let cases: [(arguments: [String], status: Int32)] = [
                ([], 64), ([base], 64), ([base, base, base], 64), ([base, base, "--format", "pdf"], 64),
                ([base, base, "--inconclusive", "maybe"], 64), ([base, base, "--out", "no/where"], 64),
                ([base, "nowhere"], 65), (["nowhere", base], 65), ([base, cut.path], 65),
            ]
            for one in cases {
                let result = try Program(["compare"] + one.arguments, in: folder).finish()
                #expect(result.status == one.status, "\(one.arguments): \(result.errors)")
                #expect(result.output.isEmpty)
                #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            }
        }
    }
}
