import Backends
import Foundation
import Testing

@Suite("Gate simulation")
struct GateSimulateTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func simulate(_ arguments: String...) throws -> Program.Result {
        try Program(["gate", "simulate", "--runs", "2", "--cases", "5"] + arguments, in: folder).finish()
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    @Test("the same seed gives the same numbers, another seed others; the file is what stdout had")
    func seeds() throws {
        let first = try simulate("--format", "csv", "--out", "curve.csv")
        #expect(first.status == 0 && first.errors == "")
        #expect(try simulate("--format", "csv").output == first.output)
        #expect(try simulate("--format", "csv", "--seed", "2").output != first.output)
        let file = folder.appendingPathComponent("curve.csv")
        #expect(try String(contentsOf: file, encoding: .utf8) == first.output)
        let lines = first.output.split(separator: "\n")
        #expect(
            lines[0].hasPrefix("table,gate,noise,cells,slowed_cells,slowdown_percent,runs,any_false_alarm,"))
        #expect(lines.count == 163)
    }

    @Test("simulates on recorded noise")
    func recorded() throws {
        let noise = Recordings.url("equal").path
        let result = try simulate("--noise", noise, "--format", "csv")
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n").dropFirst()
        #expect(lines.count == 15 && lines.allSatisfy { $0.hasPrefix("recorded,") })
        #expect(try simulate("--noise", noise, "--noise", noise).output.hasPrefix("gate "))
    }

    @Test("recordings of different distances to the store are incomparable")
    func distances() throws {
        let near = try String(contentsOf: Recordings.url("equal"), encoding: .utf8)
        let lines = near.split(separator: "\n").map(String.init)
        let far =
            [lines[0].replacing("\"schema\":2", with: "\"schema\":2,\"store_rtt_asked_ns\":1000000")]
            + lines[1..<lines.count - 1]
        let text = far.map { $0 + "\n" }.joined()
        let end = lines[lines.count - 1].replacing(
            /"sha256":"[0-9a-f]*"/, with: "\"sha256\":\"\(SHA256.hexadecimal(of: Array(text.utf8)))\"")
        try write(text + end + "\n", to: "far.jsonl")
        #expect(try simulate("--noise", "far.jsonl", "--noise", "far.jsonl").status == 0)
        let result = try simulate("--noise", Recordings.url("equal").path, "--noise", "far.jsonl")
        #expect(result.status == 4 && result.output.isEmpty)
        #expect(
            result.errors.contains("far.jsonl were recorded at different --store-rtt"), "\(result.errors)")
    }

    @Test("says what is wrong with its input in one line")
    func faults() throws {
        try write("0.1,x\n", to: "letters")
        for (arguments, status, reason) in [
            (["--noise", "letters"], 2, "line 1: no line of a gate's recording"),
            (["--noise", "missing"], 2, "cannot be read"), (["--runs", "0"], 64, "--runs is 0"),
            (["--cases", "0"], 64, "--cases is 0"),
            (
                ["--noise", Recordings.url("equal").path, "--out", "missing/curve.csv"], 65,
                "cannot be written"
            ),
        ] as [([String], Int32, String)] {
            let result = try Program(["gate", "simulate", "--runs", "1"] + arguments, in: folder).finish()
            #expect(result.status == status, "\(arguments) \(result.status)")
            #expect(result.errors.contains(reason), "\(result.errors)")
            #expect(result.output.isEmpty)
        }
    }
}
