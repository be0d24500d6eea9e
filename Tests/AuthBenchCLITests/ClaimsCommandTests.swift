import Foundation
import Testing

/// `authbench claims` and the folder of `authbench conform` that it reads, as a user runs them.
@Suite struct ClaimsCommandTests {
    private static let recording = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Recordings/claims")

    private func result(_ arguments: [String], in folder: URL) throws -> Program.Result {
        try Program(arguments, in: folder).finish()
    }

    @Test(arguments: ["CLM-99", "", "CLM-03,", "clm-03"])
    func `an unknown claim is refused in one line`(_ name: String) throws {
        try withFolder { folder in
            let result = try result(["claims", "--only", name], in: folder)
            #expect(result.status == 64)
            #expect(result.errors.contains("give some of CLM-01 to CLM-25, with commas between them"))
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `recorded results are judged as they were, byte for byte, and nothing is written`() throws {
        try withFolder { folder in
            let result = try result(
                ["claims", "--results", Self.recording.path, "--format", "csv"], in: folder)
            #expect([0, 3].contains(result.status), "\(result.errors)")
            let file = Self.recording.appendingPathComponent("claims.csv")
            #expect(result.output == (try String(contentsOf: file, encoding: .utf8)))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `a folder of something else is refused in one line`() throws {
        try withFolder { folder in
            let result = try result(["claims", "--results", folder.path], in: folder)
            #expect(result.status == 65)
            #expect(result.errors.contains("has no series.json: it is not the folder of a series"))
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func `a damaged folder is refused with the file that is damaged`() throws {
        try withFolder { folder in
            let copy = folder.appendingPathComponent("claims")
            try FileManager.default.copyItem(at: Self.recording, to: copy)
            let runs = copy.appendingPathComponent("exposure")
            let run = try #require(try FileManager.default.contentsOfDirectory(atPath: runs.path).first)
            let file = runs.appendingPathComponent("\(run)/exposure.csv")
            try Data(try Data(contentsOf: file).dropLast(20)).write(to: file)
            let result = try result(["claims", "--results", "claims"], in: folder)
            #expect(result.status == 65)
            #expect(result.errors.contains("exposure.csv: line "))
        }
    }

    @Test
    func `one claim is measured by the experiments that it needs, and its folder gives the same verdict`()
        throws
    {
        try withFolder { folder in
            let first = try result(
                ["claims", "--quick", "--only", "CLM-02", "--out", "out", "-q"], in: folder)
            try #require(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("holds"))
            let again = try result(
                ["claims", "--results", "out/latest-claims", "--only", "CLM-02"], in: folder)
            #expect(again.output == first.output)
            let names = try FileManager.default.contentsOfDirectory(
                atPath: folder.appendingPathComponent("out/latest-claims/").path)
            #expect(Set(names) == ["claims.csv", "claims_rows.csv", "conform", "series.json"])
        }
    }

    @Test(
        arguments: [
            ("redis-session+stale", "CLM-06", "holds when"),
            ("redis-session+times10", "CLM-24", "holds when"),
        ])
    func `a strategy that is broken on purpose flips the claim that speaks of it`(
        _ defect: String, _ claim: String, _ sound: String
    ) throws {
        try withFolder { folder in
            let recorded = try result(
                ["claims", "--results", Self.recording.path, "--only", claim], in: folder)
            #expect(Self.verdict(recorded).hasPrefix(sound))
            let link = folder.appendingPathComponent("authbench+\(defect)")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: Program.debugURL)
            let broken = try Program(
                ["claims", "--quick", "--only", claim, "-q", "--out", "out"], in: folder, url: link
            ).finish()
            #expect([0, 3].contains(broken.status), "\(broken.errors)")
            #expect(Self.verdict(broken).hasPrefix("does not hold"), "\(broken.output)")
        }
    }

    /// What a table says of the first claim, which stands in its second line.
    private static func verdict(_ result: Program.Result) -> String {
        let lines = result.output.split(separator: "\n")
        return lines.count > 1 ? lines[1].trimmingCharacters(in: .whitespaces) : ""
    }

    @Test func `a claim that nothing measures leaves no folder behind`() throws {
        try withFolder { folder in
            let result = try result(["claims", "--only", "CLM-23", "--out", "out"], in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("not measured: it has no experiment yet"), "\(result.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `a checklist in a result folder is sound, and compare does not take it for a run`() throws {
        try withFolder { folder in
            let tried = try result(
                ["conform", "--strategy", "hs256-jwt", "--out", "out", "--quiet"], in: folder)
            try #require(tried.status == 0, "\(tried.errors)")
            #expect(try result(["validate", "out/latest-conform"], in: folder).status == 0)
            let compared = try result(
                ["compare", "out/latest-conform", "out/latest-conform"], in: folder)
            #expect(compared.status == 65)
            #expect(compared.errors.contains("holds a checklist"))
        }
    }
}
