import Backends
import Foundation
import Testing

@testable import AuthBenchCLI
@testable import AuthResults

/// A run's own authority: its rows are sound, its end is the run's, and its failure costs its own rows only.
@Suite("An authority of a run")
struct IntrospectionRunTests {
    private let folder: URL
    private static let short = [
        "run", "--strategy", "introspection", "--population", "160", "--clients", "4", "--operations", "4000",
        "--warm-up", "0", "--repeats", "2",
    ]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func rows(_ file: String) throws -> [[String: String]] {
        let table = try CSVTable(String(contentsOfFile: file, encoding: .utf8))
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    private func authorities(of program: Program) -> [Int32] {
        program.children.filter { id in
            let line = try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)
            return line?.contains("serve-authority") ?? false
        }
    }

    @Test(
        "every decision is right, each exchange is one command and one round trip, near and far, and nothing is left"
    )
    func sound() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (temporary, environment) = try temporaryFolder(in: folder)
        for options in [[], ["--store-rtt", "500us"]] {
            let out = folder.appendingPathComponent("out-\(options.count)")
            let result = try Program(
                Self.short + [
                    "--strategy", "introspection@cache=5s", "--strategy", "introspection@store=redis",
                    "--strategy", "introspection@store=postgres", "--out", out.path,
                ] + options, in: folder,
                environment: environment
            ).finish()
            #expect([0, 3].contains(result.status), "\(result.errors)")
            let rows = try rows(out.appendingPathComponent("latest/throughput.csv").path)
            #expect(rows.count == 8)
            for row in rows {
                for count in ["false_accepts", "false_rejects", "errors"] {
                    #expect(row[count] == "0", "\(row)")
                }
                // Requests that carry no token cost none; a copy saves most of the others.
                let trips = Double(row["store_round_trips_per_op"] ?? "") ?? 0
                let isCached = row["strategy"] == "introspection@cache=5s"
                #expect((isCached ? 0.01...0.9 : 0.9...1.1).contains(trips), "\(row)")
                #expect(row["store_cpu_source"] == "private-server", "\(row)")
                #expect((Double(row["store_cpu_us_per_op"] ?? "") ?? 0) > 0, "\(row)")
            }
            let record = try String(
                contentsOf: out.appendingPathComponent("latest/run.json"), encoding: .utf8)
            #expect(record.contains(options.isEmpty ? "\"tcp-loopback\"" : "\"relay\""))
            #expect(!record.contains("Basic "))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == [])
    }

    @Test("one that is killed or stopped in mid-run costs its own rows only, and leaves no process")
    func lost() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for signal in [SIGKILL, SIGSTOP] {
            let out = folder.appendingPathComponent("run-\(signal)")
            let program = try Program(
                Self.short + ["--strategy", "hs256", "--repeats", "3", "--out", out.path], in: folder)
            let csv = out.appendingPathComponent("latest/throughput.csv").path
            let begin = Date()
            while !FileManager.default.fileExists(atPath: csv), Date().timeIntervalSince(begin) < 60 {
                usleep(20_000)
            }
            let servers = authorities(of: program)
            try #require(servers.count == 1)
            for id in servers { kill(id, signal) }
            let result = program.finish()
            #expect(result.status == 2, "\(result.errors)")
            #expect(result.errors.contains("introspection"), "\(result.errors)")
            let rows = try rows(csv)
            #expect(rows.allSatisfy { $0["false_accepts"] == "0" })
            #expect(rows.contains { $0["strategy"] == "introspection" && $0["errors"] != "0" })
            #expect(rows.allSatisfy { $0["strategy"] != "hs256-jwt" || $0["errors"] == "0" })
            for id in servers { #expect(!FileManager.default.fileExists(atPath: "/proc/\(id)")) }
        }
    }

    @Test("when the program itself is killed, its authority goes with it")
    func orphan() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Program(Self.short + ["--repeats", "1000"], in: folder)
        let begin = Date()
        var servers: [Int32] = []
        while servers.isEmpty, Date().timeIntervalSince(begin) < 60 {
            usleep(5000)
            servers = authorities(of: program)
        }
        try #require(servers.count == 1)
        kill(program.id, SIGKILL)
        _ = program.finish()
        while !servers.allSatisfy(Program.isGone), Date().timeIntervalSince(begin) < 60 { usleep(5000) }
        #expect(servers.allSatisfy(Program.isGone))
    }

    @Test("who starts an authority by hand is told what it needs, in one line")
    func byHand() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try Program(["serve-authority", folder.path, "0"], in: folder).finish()
        #expect(result.status == 64)
        #expect(result.errors.contains("reads who may ask it from standard input"))
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }
}
