import Foundation
import Testing

@testable import AuthGate

/// What the fuzzer starts from and what it once found, without the fuzzer.
@Suite("Fuzz corpus")
struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func inputs(_ target: FuzzTarget, in kind: String) throws -> [URL] {
        let place = folder.appending(path: kind).appending(path: target.rawValue)
        guard FileManager.default.fileExists(atPath: place.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
    }

    @Test("every seed and every finding keeps the promises of its target", arguments: FuzzTarget.allCases)
    func replay(target: FuzzTarget) throws {
        let seeds = try Self.inputs(target, in: "Corpus")
        #expect(!seeds.isEmpty)
        for file in try seeds + Self.inputs(target, in: "Regressions") {
            #expect(throws: Never.self, "\(file.path)") { try target.check(Array(Data(contentsOf: file))) }
        }
    }

    @Test("no folder of seeds or findings is without its target", arguments: ["Corpus", "Regressions"])
    func orphans(kind: String) throws {
        let place = Self.folder.appending(path: kind)
        for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where !name.hasPrefix(".")
        {
            #expect(FuzzTarget(rawValue: name) != nil, "\(kind)/\(name)")
        }
    }

    @Test("the small recording among its seeds is one that is taken")
    func smallRecording() throws {
        let text = try String(
            contentsOf: Self.folder.appending(path: "Corpus/recording/small"), encoding: .utf8)
        let lines = try text.split(separator: "\n").map {
            try JSONDecoder().decode(GateLine.self, from: Data($0.utf8))
        }
        #expect(throws: Never.self) { try GateRecording(lines) }
    }

    @Test("the good token is among its seeds")
    func goodToken() throws {
        let good = Self.folder.appending(path: "Corpus/token/good")
        #expect(try Array(Data(contentsOf: good)) == goodLine.get())
    }
}
