import AuthResults
import AuthVerdict
import Foundation
import Testing

@testable import AuthGate

/// `--store-rtt` on a real Redis, as a user runs it.
@Suite("Distance")
struct DistanceTests {
    private func rows(_ folder: URL, _ file: String) throws -> [[String: String]] {
        let table = try CSVTable(
            String(
                contentsOf: folder.appendingPathComponent("results/latest/\(file)"), encoding: .utf8))
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    @Test(
        "a run says how far Redis was to be and was, and what the relay took; no other strategy has a distance"
    )
    func run() throws {
        try withFolder { folder in
            let result = try Program(
                [
                    "run", "browse", "--strategy", "redis", "--strategy", "hs256", "--population", "320",
                    "--clients",
                    "2", "--duration", "0.3", "--repeats", "1", "--store-rtt", "2ms",
                ],
                in: folder
            ).finish()
            #expect([0, 3].contains(result.status), "\(result.errors)")
            for row in try rows(folder, "throughput.csv") {
                let isFar = row["strategy"] == "redis-session"
                #expect(row["store_rtt_asked_ns"] == (isFar ? "2000000" : ""))
                #expect((row["store_rtt_p50_ns"] ?? "").isEmpty != isFar)
                #expect((row["relay_cpu_us_per_op"] ?? "").isEmpty != isFar)
            }
            // A distance cannot be shorter than the relay waits, which is what was asked less its own time.
            let reads = try rows(folder, "latency.csv").filter { $0["operation"] == "authenticate" }
            for row in reads where row["strategy"] == "redis-session" {
                #expect(try #require(UInt64(row["min_ns"] ?? "")) > 1_000_000)
            }
            let latest = folder.appendingPathComponent("results/latest").resolvingSymlinksInPath()
            #expect(Validation(latest).faults == [])
            let record = try #require(ResultReader(latest).record)
            #expect(
                record.stores.redis?.topology == "relay"
                    && record.stores.redis?.store_rtt_asked_ns == 2_000_000)
            #expect(record.workload.storeRTT?.time_ns == 2_000_000)
        }
    }

    @Test(
        "a relay that dies ends the run in one line, status 2, with the rows so far and nothing left behind")
    func death() throws {
        try withFolder { folder in
            let temporary = folder.appendingPathComponent("tmp")
            try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
            var environment = ProcessInfo.processInfo.environment
            environment["TMPDIR"] = temporary.path
            let program = try Program(
                [
                    "run", "--strategy", "redis", "--population", "320", "--clients", "2", "--duration",
                    "0.2",
                    "--repeats", "1000", "--store-rtt", "200us", "-q",
                ],
                in: folder, environment: environment)
            let csv = folder.appendingPathComponent("results/latest/throughput.csv").path
            let deadline = Date() + 20
            while !FileManager.default.fileExists(atPath: csv), Date() < deadline { usleep(10_000) }
            kill(try #require(program.children.first(where: isRelay)), SIGKILL)
            let result = program.finish()
            #expect(result.status == 2)
            let lines = result.errors.split(separator: "\n")
            #expect(
                lines.count == 1 && lines.first?.contains("the relay ended by signal 9") == true,
                "\(result.errors)")
            #expect(try !rows(folder, "throughput.csv").isEmpty)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        }
    }

    private func gate(_ more: [String]) -> [String] {
        ["gate", "--base", Program.url.path, "--head", Program.url.path, "--strategy", "redis"] + more
    }

    @Test("a gate's store is as far away as asked for both programs, and recording and report say how far")
    func gate() throws {
        try withFolder { folder in
            let result = try Program(
                gate([
                    "--operation", "authenticate", "--fast", "--budget", "2", "--store-rtt", "2ms", "--out",
                    "gate", "-q",
                ]), in: folder
            ).finish()
            #expect(result.status == 3, "\(result.errors)")
            let out = folder.appendingPathComponent("gate")
            let recording = try GateLines.read(out.appendingPathComponent("recording.jsonl"))
            #expect(recording.header.store_rtt_asked_ns == 2_000_000)
            let measurements = recording.blocks.flatMap(\.measurements)
            #expect(measurements.count >= 2)
            for one in measurements {
                #expect(try #require(one.store_rtt_p50_ns) > 1_900_000)
                // A round trip for each operation, less what the calibration found that the way takes itself.
                let operations = recording.header.cases[one.caseIndex].operations_per_slice
                #expect(one.wall_ns.allSatisfy { $0 > UInt64(operations) * 1_000_000 })
            }
            let report = try String(
                contentsOf: out.appendingPathComponent("report.json"), encoding: .utf8)
            #expect(report.contains("2.00 ms away asked (--store-rtt)"))
        }
    }

    @Test("a gate whose relay dies ends in one line, status 2, with nothing left behind")
    func gateDeath() throws {
        try withFolder { folder in
            let temporary = folder.appendingPathComponent("tmp")
            try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
            var environment = ProcessInfo.processInfo.environment
            environment["TMPDIR"] = temporary.path
            let program = try Program(
                gate(["--operation", "renew", "--store-rtt", "5ms", "-q"]), in: folder,
                environment: environment)
            let deadline = Date() + 40
            // Those that measure are started when the relay has been calibrated.
            var relays: [Int32] = []
            while relays.isEmpty, Date() < deadline {
                usleep(10_000)
                let children = program.children
                if children.count >= 6 { relays = children.filter(isRelay) }
            }
            kill(try #require(relays.first), SIGKILL)
            let children = program.children
            let result = program.finish()
            #expect(result.status == 2)
            let lines = result.errors.split(separator: "\n")
            #expect(
                lines.count == 1 && lines.first?.contains("--store-rtt: the relay ended by signal 9") == true,
                "\(result.errors)")
            #expect(children.allSatisfy(Program.isGone))
            #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        }
    }

    private func isRelay(_ process: Int32) -> Bool {
        let line = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
        return line?.contains("serve-relay") ?? false
    }

    @Test("a distance at which no block fits the budget is refused in one line before anything is recorded")
    func tooFar() throws {
        try withFolder { folder in
            let result = try Program(
                gate(["--operation", "authenticate", "--budget", "3", "--store-rtt", "40ms", "-q"]),
                in: folder
            ).finish()
            #expect(result.status == 64)
            #expect(
                result.errors.contains("--budget is 3, and one block takes")
                    && result.errors.contains("shorter --store-rtt")
                    && result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        }
    }
}
