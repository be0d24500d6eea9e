import AuthCore
import AuthResults
import AuthVerdict
import Backends
import Foundation
import Testing

@Suite("Merge")
struct MergeTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func run(_ options: [String]) throws -> URL {
        let short = ["--population", "320", "--operations", "4000", "--warm-up", "0", "-q"]
        let result = try Program(["run"] + short + options, in: folder).finish()
        try #require([0, 3].contains(result.status), "\(result.errors)")
        return folder.appendingPathComponent("results/latest").resolvingSymlinksInPath()
    }

    private func merge(_ folders: URL...) throws -> Program.Result {
        try Program(["merge", "--out", "merged"] + folders.map(\.path), in: folder).finish()
    }

    private func merged() throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("merged").path)
        return folder.appendingPathComponent("merged/\(try #require(names.first))")
    }

    /// All times of each strategy, operation and clock in some folders, as one histogram; of valid repeats only, where a
    /// strategy has one.
    private func pooled(_ folders: URL..., onlyValid: Bool = false) throws -> [String: LatencyHistogram] {
        var files = folders.flatMap { ResultReader($0).histograms.values }
        if onlyValid, let folder = folders.first {
            let table = try #require(ResultReader(folder).tables["throughput.csv"])
            let place = try #require(table.header.firstIndex(of: "valid"))
            let valid = Set(table.rows.filter { $0[place] == "true" }.map { "\($0[2]) \($0[5])" })
            files = files.filter { file in
                valid.contains("\(file.head.strategy) \(file.head.repeat)")
                    || !valid.contains { $0.hasPrefix(file.head.strategy + " ") }
            }
        }
        let cells = Dictionary(grouping: files) {
            "\($0.head.strategy) \($0.head.operation) \($0.head.clock)"
        }
        return cells.mapValues { LatencyHistogram(merging: $0.map(\.times.total)) }
    }

    @Test("two halves make the whole, count for count, in a folder that is sound")
    func halves() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try run(["--strategy", "hs256", "--strategy", "null", "--repeats", "2"])
        let second = try run(["--strategy", "hs256", "--repeats", "3"])
        let result = try merge(first, second)
        #expect(result.status == 0, "\(result.errors)")
        let whole = try merged()
        #expect(Validation(whole).faults == [])
        #expect(try pooled(whole) == pooled(first, second))
        let shown = try pooled(whole, onlyValid: true)
        let table = try CSVTable(result.output)
        #expect(table.rows.count == shown.count)
        let count = try #require(table.header.firstIndex(of: "n"))
        for row in table.rows {
            #expect(row[count] == String(shown[row[0...2].joined(separator: " ")]?.count ?? 0))
        }
        let throughput = try #require(ResultReader(whole).tables["throughput.csv"])
        let repeats = throughput.rows.filter { $0[2] == "hs256-jwt" }.map { $0[5] }
        #expect(repeats == ["1", "2", "3", "4", "5"])
    }

    @Test("what stands under the name of a merged run, or of one being written, stays as it was")
    func neighbours() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let runs = try (0..<2).map { _ in try run(["--strategy", "null", "--repeats", "1"]) }
        let disk = try Disk()
        for (number, kind) in Disk.Kind.allCases.enumerated() {
            try disk.put(kind, at: number == 0 ? ".x.part" : ".x-\(number + 1).part")
        }
        try disk.put(.folder, at: "x-8")
        let before = try disk.contents()
        let made = MadeFiles()
        let whole = try Merge(runs).write(
            into: disk.folder, runID: "x", startedAt: "", commandLine: [], noting: made)
        made.removeAll()
        #expect(whole.lastPathComponent == "x-9")
        #expect(try disk.lost(since: before) == [])
        #expect(try disk.names(in: "x-9").count == 6)
        #expect(try !disk.names(in: ".").contains(".x-9.part"))
    }

    /// Two crafted runs, the second changed.
    private func crafted(_ change: (inout CraftedRun) -> Void) throws -> Program.Result {
        let place = folder.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
        var runs = ["one", "two"].map { CraftedRun($0) }
        for index in runs.indices {
            runs[index].repeats = 2
            runs[index].strategies = ["sqlite-session"]
        }
        change(&runs[1])
        return try merge(try runs[0].write(in: place), try runs[1].write(in: place))
    }

    @Test("runs that one run.json cannot describe are refused with status 4, and the difference is named")
    func unlike() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cases: [(words: String, change: (inout CraftedRun) -> Void)] = [
            ("sqlite_synchronous is full, not normal", { $0.synchronous = "full" }),
            ("extent of a repeat is 2.00 s after 0.50 s, not 1.00 s", { $0.duration_s = 2 }),
            ("extent of a repeat is 1.00 s after 0.00 s", { $0.warmUp_s = 0 }),
            ("the SQLite file is user, not temporary", { $0.sqliteFile = "user" }),
            ("another machine: cpu_affinity is 0, not 0-1", { $0.affinity = "0" }),
            ("another machine: kernel is 2.0, not 1.0", { $0.kernel = "2.0" }),
            ("sqlite is 4, not 3", { $0.sqliteVersion = "4" }),
        ]
        for (words, change) in cases {
            let result = try crafted(change)
            #expect(result.status == 4, "\(words): \(result.errors)")
            #expect(result.errors.contains(words), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("merged").path))
    }

    @Test("of what differs and may, run.json says nothing instead of what holds for one run only")
    func differing() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try crafted {
            $0.load1 = 0.7
            $0.redis = ("private", "tcp-loopback")
        }
        #expect(result.status == 0, "\(result.errors)")
        let data = try Data(contentsOf: try merged().appendingPathComponent("run.json"))
        let record = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let machine = try #require(record["machine"] as? [String: Any])
        #expect(machine["load_average"] is NSNull)
        #expect(machine["cpu_affinity"] as? String == "0-1" && machine["cores"] as? Int == 2)
        let stores = try #require(record["stores"] as? [String: Any])
        #expect((stores["redis"] as? [String: Any])?["topology"] as? String == "tcp-loopback")
        #expect(record["repeats"] as? Int == 4 && record["merged_from"] as? [String] == ["one", "two"])
        #expect(Validation(try merged()).faults == [])
    }

    @Test("of a load that differs in one of its averages, the others stay")
    func differingPart() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try crafted { $0.load5 = 0.7 }.status == 0)
        #expect(Validation(try merged()).faults == [])
        let load = try #require(ResultReader(try merged()).record?.machine.load_average)
        #expect(load.load1 == 0.1 && load.load5 == nil && load.load15 == 0.1)
    }

    @Test("unlike traces are refused with status 4, broken folders with 65, and nothing is written")
    func refused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try run(["--strategy", "null", "--repeats", "1"])
        let other = try run(["--strategy", "null", "--repeats", "1", "--seed", "2"])
        let unlike = try merge(first, other)
        #expect(unlike.status == 4)
        #expect(unlike.errors.contains("another trace"), "\(unlike.errors)")
        #expect(try merge(first, first).status == 4)
        #expect(try Program(["merge", first.path], in: folder).finish().status == 64)
        try FileManager.default.removeItem(at: other.appendingPathComponent("size.csv"))
        let broken = try merge(first, other)
        #expect(broken.status == 65)
        #expect(broken.errors.contains("size.csv"), "\(broken.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("merged").path))
    }
}
