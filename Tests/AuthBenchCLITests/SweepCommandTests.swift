import AuthResults
import AuthVerdict
import Backends
import Foundation
import Testing

/// `authbench sweep` on real stores, as a user runs it.
@Suite("Sweep command")
struct SweepCommandTests {
    private static let short = [
        "--population", "600", "--duration", "0.2", "--warm-up", "0.01", "--repeats", "1",
    ]

    private func run(_ arguments: [String], in folder: URL) throws -> Program.Result {
        try Program(["sweep"] + arguments, in: folder).finish()
    }

    /// Sweeps over clients, and returns the folder of the series.
    private func swept(_ arguments: [String], in folder: URL) throws -> URL {
        let result = try run(arguments + Self.short + ["-q"], in: folder)
        // On a busy machine a row may not be valid (3).
        try #require([0, 3].contains(result.status), "\(result.errors)")
        return folder.appendingPathComponent("results/latest-sweep").resolvingSymlinksInPath()
    }

    private func rows(_ file: String, in series: URL) throws -> [[String: String]] {
        let text = try String(contentsOf: series.appendingPathComponent(file), encoding: .utf8)
        let table = try CSVTable(text)
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    private func change(_ file: String, in series: URL, _ change: (String) -> String) throws {
        let url = series.appendingPathComponent(file)
        try change(try String(contentsOf: url, encoding: .utf8)).write(
            to: url, atomically: true, encoding: .utf8)
    }

    private static let clients = [
        "browse", "--over", "clients", "1..32", "x2", "--strategy", "hs256", "--strategy", "memory",
    ]

    @Test("each value and strategy has a row, the law one for each number of clients, and all of it is sound")
    func overClients() throws {
        try withFolder { folder in
            let series = try swept(Self.clients, in: folder)
            let rows = try rows("sweep.csv", in: series)
            #expect(rows.count == 12)
            #expect(Set(rows.compactMap { $0["value"] }) == Set([1, 2, 4, 8, 16, 32].map { "\($0).000" }))
            #expect(rows.allSatisfy { $0["unit"] == "clients" && $0["stage"] == "point" })
            let levels = try self.rows("scalability.csv", in: series)
            #expect(levels.count == 12)
            #expect(levels.allSatisfy { ($0["refusal"] == "") == ($0["fits"] == "true") })
            let validation = SeriesValidation(series)
            #expect(validation.faults == [])
            #expect(validation.rowCount > 24)
        }
    }

    @Test("the values come in an order of their own, which the seed decides")
    func order() throws {
        try withFolder { folder in
            let orders = try (0..<2).map { _ in
                let series = try swept(Self.clients, in: folder)
                return try SeriesRecord(readFrom: series).experiments.map(\.name)
            }
            #expect(orders[0] == orders[1])
            #expect(orders[0] != orders[0].sorted())
        }
    }

    @Test(
        "what varies reaches the runs",
        arguments: [
            (["rate", "2000,4000"], "hs256", "--rate 4000"),
            (["population", "300,600"], "hs256", "--population 600"),
            (["store-rtt", "direct,1ms"], "redis-session", "--store-rtt direct"),
            (["access-lifetime", "1m,5m"], "hybrid", "--strategy hybrid@access=5m"),
            (["cache", "1s,5s"], "redis-session", "--strategy redis-session@cache=5s"),
            (["payload", "0,512"], "hs256", "--claims "),
        ])
    func quantities(over: [String], strategy: String, words: String) throws {
        try withFolder { folder in
            var short = Self.short
            if over[0] == "population" { short.removeFirst(2) }
            let result = try run(["browse", "--over"] + over + ["--strategy", strategy] + short, in: folder)
            try #require([0, 3].contains(result.status), "\(result.errors)")
            #expect(result.errors.contains(words), "\(result.errors)")
            let series = folder.appendingPathComponent("results/latest-sweep").resolvingSymlinksInPath()
            #expect(try rows("sweep.csv", in: series).count == 2)
            #expect(SeriesValidation(series).faults == [])
        }
    }

    @Test("claims of a payload are as many bytes as are asked for")
    func payload() throws {
        try withFolder { folder in
            let series = try swept(
                ["browse", "--over", "payload", "0,13,512,8KiB", "--strategy", "hs256"], in: folder)
            for bytes in [13, 512, 8192] {
                let json = try Data(contentsOf: series.appendingPathComponent("claims-\(bytes).json"))
                #expect(json.count == bytes + 3, "two braces and the end of the line")
            }
            let header = try rows("sweep.csv", in: series)
            #expect(Set(header.map { $0["request_header_bytes"] }).count == 4)
        }
    }

    @Test(
        "a command line that cannot be meant is refused in one line, and nothing is made",
        arguments: [
            ([], "nothing to vary"), (["--over", "speed", "1,2"], "unknown quantity"),
            (["--over", "rate"], "no values"), (["--over", "rate", "500..100", "x2"], "an empty range"),
            (["--over", "rate", "100..500"], "a range without a step"),
            (["--over", "rate", "1..5", "x1"], "leads nowhere"), (["--over", "rate", "7,7"], "there twice"),
            (["--over", "store-rtt", "5"], "give a value such as 200us"),
            (["--over", "rate", "1,2", "browse"], "behind the values"),
            (["--over", "clients", "1,2", "--clients", "4"], "exclude each other"),
            (["--over", "clients", "1,9999"], "give 1 to 1000"),
            (["--over", "cache", "1s,2s", "--strategy", "hs256"], "has no @cache"),
            (["--over", "payload", "5"], "give 0, or 13 to 8192 bytes"),
            (["--objective", "p99 <= 5"], "give a time with its unit"),
            (["--objective", "p98 <= 5ms"], "unknown"),
            (["--objective", "errors <= 5"], "give the errors as a share"),
            (["--objective", "p99 <= 5ms", "--objective", "p99 <= 6ms"], "contradict each other"),
            (["--objective", "p99 <= 5ms", "--objective", "p50 <= 6ms"], "contradict each other"),
            (["--objective", "p99 <= 5ms", "--rate", "9"], "exclude each other"),
            (["--objective", "p99 <= 5ms", "--over", "clients", "1,2"], "searches among rates"),
            (["--objective", "p99 <= 5ms", "--strategy", "null"], "decides something"),
        ])
    func refused(arguments: [String], words: String) throws {
        try withFolder { folder in
            let result = try run(arguments, in: folder)
            #expect(result.status == 64)
            #expect(
                result.errors.contains(words) && result.errors.split(separator: "\n").count == 1,
                "\(result.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test("a series that is done is not measured again, with its options or its folder alone")
    func resumed() throws {
        try withFolder { folder in
            let series = try swept(Self.clients, in: folder)
            let before = try FileManager.default.subpathsOfDirectory(atPath: series.path).sorted()
            for options in [Self.clients + Self.short, []] {
                let result = try run(options + ["--resume", series.path, "--format", "csv"], in: folder)
                #expect([0, 3].contains(result.status), "\(result.errors)")
                #expect(
                    result.output
                        == (try String(
                            contentsOf: series.appendingPathComponent("sweep.csv"), encoding: .utf8)))
            }
            #expect(try FileManager.default.subpathsOfDirectory(atPath: series.path).sorted() == before)
        }
    }

    @Test("an experiment that has no end is measured again beside what it left")
    func halfFinished() throws {
        try withFolder { folder in
            let series = try swept(Self.clients, in: folder)
            try change(SeriesRecord.file, in: series) { text in
                let first = text.range(of: "\"status\" : 0") ?? text.range(of: "\"status\" : 3")
                return first.map { text.replacingCharacters(in: $0, with: "\"status\" : null") } ?? text
            }
            let result = try run(["--resume", series.path, "-q"], in: folder)
            #expect([0, 3].contains(result.status), "\(result.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: series.path)
            #expect(
                names.count { $0.hasPrefix("clients-") } == 7
                    && names.contains { $0.hasSuffix("-2") && $0 != "clients-2" })
            #expect(SeriesValidation(series).faults == [])
        }
    }

    @Test("a folder of something else, or a damaged one, is refused in one line and left as it is")
    func foreign() throws {
        try withFolder { folder in
            let series = try swept(Self.clients, in: folder)
            let point = try SeriesRecord(readFrom: series).experiments[0]
            let summary = "\(point.folder)/\(point.runs[0])/summary.csv"
            let cases: [(String, String, String, String)] = [
                (
                    SeriesRecord.file, "\"schema_version\" : \(RunIdentity.schemaVersion)",
                    "\"schema_version\" : 4", "schema_version is 4"
                ),
                (
                    SeriesRecord.file, "\"command\" : \"sweep\"", "\"command\" : \"claims\"",
                    "authbench claims made it"
                ),
                (SeriesRecord.file, "\"cores\" : ", "\"cores\" : 9", "another machine: cores"),
                (SeriesRecord.file, "\"authbench\" : \"", "\"authbench\" : \"9.", "authbench 9."),
                (SeriesRecord.file, "\"experiments\"", "\"experiment\"", "series.json"),
                (SeriesRecord.file, "\"folder\" : \"", "\"folder\" : \"../", "is no name of a folder"),
                (summary, "authenticate", "\"authenticate", "it is damaged"),
            ]
            for (file, old, new, words) in cases {
                let whole = try String(contentsOf: series.appendingPathComponent(file), encoding: .utf8)
                try change(file, in: series) { $0.replacing(old, with: new, maxReplacements: 1) }
                let result = try run(["--resume", series.path], in: folder)
                #expect(result.status == 65, "\(words): \(result.errors)")
                #expect(
                    result.errors.contains(words) && result.errors.split(separator: "\n").count == 1,
                    "\(result.errors)")
                try change(file, in: series) { _ in whole }
            }
            let other = try run(["browse", "--over", "clients", "1,2", "--resume", series.path], in: folder)
            #expect(other.status == 65 && other.errors.contains("begun with other options"))
            let none = try run(["--resume", folder.path], in: folder)
            #expect(none.status == 65 && none.errors.contains("has no series.json"))
        }
    }

    @Test("validate finds a figure of a sweep that does not follow from its runs")
    func forged() throws {
        try withFolder { folder in
            let series = try swept(["browse", "--over", "clients", "1,2", "--strategy", "hs256"], in: folder)
            try change("sweep.csv", in: series) {
                $0.replacing(",point,clients-1,", with: ",point,clients-9,")
            }
            let result = try Program(["validate", series.path], in: folder).finish()
            #expect(result.status == 65)
            #expect(result.output.contains("sweep.csv, line"))
            #expect(result.output.contains("it is not what follows from the experiments"))
        }
    }

    @Test("a rate that nobody can keep makes rows that are not valid: status 3, and the reason")
    func overload() throws {
        try withFolder { folder in
            let result = try run(
                [
                    "browse", "--over", "rate", "20000000,30000000", "--clients", "1", "--strategy", "hs256",
                    "-q",
                ] + Self.short, in: folder)
            #expect(result.status == 3)
            #expect(result.errors.hasPrefix("authbench: not valid: hs256-jwt"), "\(result.errors)")
            #expect(result.errors.contains("overload"), "\(result.errors)")
        }
    }

    @Test("an experiment that fails ends the sweep with its status and its last word, and nothing stays")
    func failing() throws {
        try withFolder { folder in
            let result = try run(
                [
                    "browse", "--over", "clients", "1,2", "--strategy", "redis-session", "-q", "--redis",
                    "redis://127.0.0.1:1/0",
                ]
                    + Self.short, in: folder)
            #expect(result.status == 65)
            #expect(
                result.errors.contains("authbench run browse") && result.errors.contains("127.0.0.1"),
                "\(result.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test("a signal ends a sweep in order, and it goes on from there")
    func stopped() throws {
        try withFolder { folder in
            let (temporary, environment) = try temporaryFolder(in: folder)
            let program = try Program(
                [
                    "sweep", "browse", "--over", "clients", "1,2,4,8", "--strategy", "redis-session",
                    "--population", "400",
                    "--duration", "0.3", "--repeats", "1",
                ], in: folder, environment: environment)
            let link = folder.appendingPathComponent("results/latest-sweep")
            for _ in 0..<3000 where !FileManager.default.fileExists(atPath: link.path) { usleep(10_000) }
            kill(program.id, SIGINT)
            let result = program.finish()
            #expect(result.status == 130)
            #expect(result.errors.contains("go on with authbench sweep --resume"), "\(result.errors)")
            #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
            let series = link.resolvingSymlinksInPath()
            let more = try run(["--resume", series.path, "-q"], in: folder)
            #expect([0, 3].contains(more.status), "\(more.errors)")
            #expect(try rows("sweep.csv", in: series).count == 4)
            #expect(SeriesValidation(series).faults == [])
        }
    }
}

/// `authbench sweep --objective` on real strategies: what is found depends on the machine, how it is told does not.
@Suite("Capacity")
struct CapacityCommandTests {
    @Test("a search tells a rate or what kept it from one, and the rows say the same")
    func search() throws {
        try withFolder { folder in
            let result = try Program(
                [
                    "sweep", "browse", "--objective", "p50 <= 1s", "--over", "rate", "2000..4000",
                    "--strategy", "hs256",
                    "--population", "400", "--duration", "0.1", "--warm-up", "0.01", "-q", "--format", "csv",
                ], in: folder
            ).finish()
            try #require([0, 3].contains(result.status), "\(result.errors)")
            let table = try CSVTable(result.output)
            let row = Dictionary(uniqueKeysWithValues: zip(table.header, try #require(table.rows.first)))
            #expect(["range", "machine", "generator"].contains(row["limit"] ?? ""), "\(row)")
            #expect(row["objectives"] == "p50 <= 1s; errors <= 0")
            let series = folder.appendingPathComponent("results/latest-sweep").resolvingSymlinksInPath()
            #expect(SeriesValidation(series).faults == [])
        }
    }

    /// One client that is asked for more than any machine sends: half of the requests wait, whatever answers them.
    @Test("those who send the requests are named when they are the limit, and no strategy is blamed")
    func weakGenerator() throws {
        try withFolder { folder in
            let result = try Program(
                [
                    "sweep", "browse", "--objective", "p50 <= 1us", "--over", "rate", "40000000..40000001",
                    "--clients", "1", "--strategy", "hs256", "--population", "400", "--duration", "0.02",
                    "--warm-up", "0.01", "-q", "--format", "csv",
                ], in: folder
            ).finish()
            #expect(result.status == 3, "\(result.errors)")
            let table = try CSVTable(result.output)
            let row = Dictionary(uniqueKeysWithValues: zip(table.header, try #require(table.rows.first)))
            #expect(row["found"] == "false" && row["broken_per_second"] == "")
            #expect(["generator", "machine"].contains(row["limit"] ?? ""), "\(row)")
            #expect(row["limit"] == "machine" || row["why"]?.contains("null-baseline, which does") == true)
        }
    }

    /// M/D/4 on the real clock: each check sleeps for 10 ms, and four clients share one line of requests.
    ///
    /// A p50 of 1.326 times the service time is kept at 85 % of what four servers can do, by the theory that
    /// `DeterministicQueue` plays through. What a sleeping thread wakes late is part of the service time that the row has.
    @Test(
        "the capacity of a strategy whose time is known is found on the real clock, or the machine is named")
    func knownTime() throws {
        try withFolder { folder in
            let workload =
                #"{"name":"oracle","summary":"known times","population":64,"clients":4,"requests_in_parallel":4,"mix":{"authenticate":1}}"#
            try workload.write(
                to: folder.appendingPathComponent("oracle.json"), atomically: true, encoding: .utf8)
            let program = Program.debugURL.deletingLastPathComponent().appendingPathComponent(
                "BrokenStrategies")
            let result = try Program(
                [
                    "sweep", "oracle.json", "--objective", "p50 <= 13260us", "--over", "rate", "170..1000",
                    "--strategy", "keeps-time", "--duration", "2", "--warm-up", "0.1", "-q", "--format",
                    "csv",
                ], in: folder, url: program
            ).finish()
            try #require([0, 3].contains(result.status), "\(result.errors)")
            let table = try CSVTable(result.output)
            let row = Dictionary(uniqueKeysWithValues: zip(table.header, try #require(table.rows.first)))
            guard let held = Double(row["held_per_second"] ?? ""),
                let broken = Double(row["broken_per_second"] ?? "")
            else {
                #expect(["generator", "machine"].contains(row["limit"] ?? ""), "\(row)")
                return
            }
            let series = folder.appendingPathComponent("results/latest-sweep").resolvingSymlinksInPath()
            let text = try String(contentsOf: series.appendingPathComponent("sweep.csv"), encoding: .utf8)
            let rows = try CSVTable(text).rows(of: "sweep.csv").filter { $0["strategy"] == "keeps-time" }
            let service_ns = try #require(rows.last?.number("service_p50_ns"))
            let share = (held * broken).squareRoot() * service_ns / 4e9
            #expect(abs(share / 0.85 - 1) < 0.2, "\(share) of what four servers can do")
        }
    }
}
