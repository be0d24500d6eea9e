import Foundation
import Testing

@testable import AuthBenchCLI
@testable import AuthGate

/// The gate on the built program itself: what fails must fail in one line, and what is equal must never be called slow.
@Suite("gate", .serialized)
final class GateCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("authbench-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func gate(head: URL = Program.url, _ more: [String] = []) throws -> Program.Result {
        try Program(
            [
                "gate", "--base", Program.url.path, "--head", head.path, "--strategy", "hs256-jwt",
                "--operation",
                "authenticate", "--fast", "--budget", "60",
            ] + more, in: folder
        ).finish()
    }

    /// A program that passes the protocol's lines on and changes what a sed command says in its answers.
    private func program(changing command: String) throws -> URL {
        let file = folder.appendingPathComponent("head-\(UUID().uuidString.prefix(8))")
        return try executable("'\(Program.url.path)' serve-slices | sed -u '\(command)'", at: file)
    }

    @Test("does not call a program slower than itself, and gives the same verdict again from the recording")
    func equalAndReplayed() throws {
        let result = try gate(["--out", "gate", "--seed", "5"])
        #expect(result.status == 0 || result.status == 3, "\(result.output)\(result.errors)")
        #expect(result.output.contains("hs256-jwt"))
        #expect(result.output.contains("the same bytes on both sides"))
        let out = folder.appendingPathComponent("gate")
        let again = try Program(["gate", "--replay", "gate/recording.jsonl"], in: folder).finish()
        #expect(again.status == result.status)
        #expect(again.output == result.output)
        for (format, name) in [("json", "json"), ("junit", "xml"), ("markdown", "md")] {
            let shown = try Program(
                ["gate", "--replay", "gate/recording.jsonl", "--format", format], in: folder
            ).finish()
            #expect(
                try shown.output
                    == String(contentsOf: out.appendingPathComponent("report.\(name)"), encoding: .utf8))
        }
        try checkTampering(out.appendingPathComponent("recording.jsonl"))
    }

    @Test(
        "a new recording begins without the reports of the earlier one, so that none stands beside another's")
    func staleReports() throws {
        let out = folder.appendingPathComponent("gate")
        try FileManager.default.createDirectory(at: out, withIntermediateDirectories: false)
        for (name, text) in [
            ("recording.jsonl", "{\"header\":{}}\n"), ("report.txt", "old"), ("report.json", "old"),
            ("mine.txt", "mine"),
        ] {
            try Data(text.utf8).write(to: out.appendingPathComponent(name))
        }
        let files = try GateFiles(out)
        #expect(throws: GateError.self, "another gate has it meanwhile") { _ = try GateFiles(out) }
        try files.beginRecording()
        let left = try FileManager.default.contentsOfDirectory(atPath: out.path).sorted()
        #expect(left == ["mine.txt", "recording.jsonl"])
        #expect(try Data(contentsOf: out.appendingPathComponent("recording.jsonl")).isEmpty)
    }

    @Test("several clients take turns like one")
    func severalClients() throws {
        let result = try gate(["--operation", "authenticate-parallel", "--clients", "3", "--budget", "3"])
        // A fast machine has its answer before the budget is spent.
        #expect([0, 3].contains(result.status), "\(result.errors)")
        #expect(
            result.status == 0 || result.errors.contains("the budget of 3 s was spent"), "\(result.errors)")
        #expect(result.output.contains("authenticate-parallel"), "\(result.output)")
    }

    private func checkTampering(_ recording: URL) throws {
        let text = try String(contentsOf: recording, encoding: .utf8)
        func replay(_ text: String) throws -> Program.Result {
            try text.write(
                to: folder.appendingPathComponent("other.jsonl"), atomically: true, encoding: .utf8)
            return try Program(["gate", "--replay", "other.jsonl"], in: folder).finish()
        }
        func check(_ text: String, _ reason: String) throws {
            let result = try replay(text)
            #expect(result.status == 2 && result.output.isEmpty, "\(reason)")
            #expect(
                result.errors.contains(reason) && result.errors.split(separator: "\n").count == 1,
                "\(result.errors)")
        }
        let digit = try #require(text.range(of: "\"wall_ns\":[0-9]", options: .regularExpression))
        var changed = text
        changed.replaceSubrange(
            digit, with: text[digit] == "\"wall_ns\":9" ? "\"wall_ns\":8" : "\"wall_ns\":9")
        try check(changed, "changed after it was recorded")
        let lines = text.split(separator: "\n")
        try check(lines.dropLast().joined(separator: "\n") + "\n", "ends before the gate did")
        try check(String(text.dropLast(20)), "ends within a line")
        try check("hello\n" + text, "line 1: no line of a gate's recording")
        try check("", "no header")
    }

    @Test(
        "a program that fails the protocol or decides wrongly is an error in one line",
        arguments: [
            ("s/\"slice_protocol\":2/\"slice_protocol\":1/", Int32(2), "speaks slice protocol 1"),
            ("1d", 2, "does not speak the slice protocol"),
            ("4q", 2, "ended with status"),
            (
                "s/\"false_accepts\":0/\"false_accepts\":3/", 2,
                "decides wrongly in the decisions of hs256-jwt: 3 false accepts"
            ),
            ("s/\"false_rejects\":0/\"false_rejects\":1/", 2, "1 false rejects"),
            (
                "s/\"errors\":0/\"errors\":4,\"first_error\":\"store down\"/", 2,
                "4 errors in the decisions of hs256-jwt: store down"
            ),
            (
                "s/\"refused\":0/\"refused\":5/", 2,
                "base and head decide differently in hs256-jwt authenticate"
            ),
            ("2s/.*/nonsense/", 2, "answered no line of the slice protocol"),
            ("2s/.*/{\"error\":\"no disk\"}/", 2, "preparing: no disk"),
            ("s/\"trace_sha256\":..../&0/", 4, "make different traces"),
            ("s/hs256-jwt/hs256-new/g", 5, "none of these strategies in common"),
        ])
    func broken(_ command: String, _ status: Int32, _ reason: String) throws {
        let result = try gate(head: try program(changing: command))
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count { !$0.hasPrefix("stage") } == 1)
        #expect(result.output.isEmpty)
    }

    /// The built program under a name that gives it a defect, as any build for debugging takes it.
    private func program(with defect: String) throws -> URL {
        let link = folder.appendingPathComponent("authbench+hs256-jwt+\(defect)")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: Program.debugURL)
        return link
    }

    @Test(
        "a program that ends in the middle is told with its reason",
        arguments: [
            ("crash", "Fatal error: the planned defect"), ("exit", "ended with status"),
        ])
    func ends(defect: String, reason: String) throws {
        let result = try gate(head: try program(with: defect), ["--operation", "expired", "--budget", "20"])
        #expect(result.status == 2, "\(result.output)\(result.errors)")
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count { !$0.hasPrefix("stage") } == 1)
    }

    @Test("what a strategy prints stands in no answer")
    func prints() throws {
        let result = try gate(head: try program(with: "print"), ["--budget", "1"])
        #expect([1, 3].contains(result.status), "\(result.errors)")
        #expect(!result.errors.contains("slice protocol"), "\(result.errors)")
    }

    @Test("a run that a strategy ends by exit(0) has failed, in one line")
    func foreignExit() throws {
        let result = try Program(
            [
                "run", "browse", "--strategy", "hs256", "--population", "500", "--clients", "2",
                "--operations", "4000", "--warm-up", "0", "--repeats",
                "1",
            ],
            in: folder, url: try program(with: "exit")
        ).finish()
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.errors.contains("a strategy, or a library of it, called exit"), "\(result.errors)")
    }

    @Test("options that say nothing sensible are refused before anything starts")
    func options() throws {
        func fault(_ arguments: [String]) throws -> Program.Result {
            try Program(["gate"] + arguments, in: folder).finish()
        }
        let both = ["--base", Program.url.path, "--head", Program.url.path]
        #expect(try fault([]).errors.contains("name both programs"))
        #expect(try fault([]).status == 64)
        #expect(try fault(both + ["--clients", "0"]).status == 64)
        #expect(
            try fault(both + ["--operation", "touches"]).errors.contains(
                "choose authenticate, login, renew, refused"))
        #expect(try fault(both + ["--strategy", "h"]).errors.contains("ambiguous strategy \"h\""))
        #expect(try fault(both + ["--replay", "x"]).status == 64)
        #expect(try fault(["--base", "nowhere", "--head", Program.url.path]).status == 2)
        #expect(try fault(["--replay", "nowhere"]).errors.contains("cannot be read"))
    }

    @Test("a signal ends the gate and all that it started")
    func signal() throws {
        let program = try Program(
            [
                "gate", "--base", Program.url.path, "--head", Program.url.path, "--strategy", "redis",
                "--out", "gate",
            ],
            in: folder)
        let deadline = Date().addingTimeInterval(30)
        while program.children.count < 4, Date() < deadline { usleep(10_000) }
        let children = program.children
        kill(program.id, SIGTERM)
        let result = program.finish()
        #expect(result.status == 128 + SIGTERM)
        #expect(result.errors.contains("stopped by a signal"))
        #expect(children.count >= 4)
        for _ in 0..<200 where !children.allSatisfy(Program.isGone) { usleep(10_000) }
        #expect(children.allSatisfy(Program.isGone))
    }
}
