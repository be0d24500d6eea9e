import AuthResults
import AuthVerdict
import Foundation
import Testing

/// A result folder in which a number is another one.
@Suite("Damaged folder")
struct DamagedFolderTests {
    @Test(
        "with an impossible number in one of its files is validated, never a crash",
        arguments: ["throughput.csv", "latency.csv", "size.csv", "summary.csv", "run.json"])
    func numbers(file: String) throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent(
            "test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: parent) }
        var run = CraftedRun("damaged")
        run.strategies = ["hs256-jwt"]
        run.repeats = 2
        let folder = try run.write(in: parent)
        let url = folder.appendingPathComponent(file)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { return }
        // The first row is enough: the others are read alike.
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(
            String.init)
        let isTable = file.hasSuffix(".csv")
        let (before, first, after) =
            isTable ? (lines[0] + "\n", lines[1], "\n" + lines[2]) : ("", text, "")
        let extremes = ["-1", "9223372036854775807", "9007199254740992", String(repeating: "9", count: 320)]
        for match in first.matches(of: /[0-9]+(\.[0-9]+)?/) {
            for extreme in extremes {
                let changed = before + first.replacingCharacters(in: match.range, with: extreme) + after
                try changed.write(to: url, atomically: false, encoding: .utf8)
                _ = Validation(folder).faults
            }
        }
        try text.write(to: url, atomically: false, encoding: .utf8)
    }
}
