import Backends
import Foundation
import Testing

/// A newcomer's disk is safe: what stands beside the files of authbench, under whatever name, is never touched.
@Suite("Neighbours")
struct NeighbourTests {
    private static let commands = [
        [
            "run", "--population", "320", "--clients", "2", "--operations", "4000", "--warm-up", "0",
            "--repeats", "1", "-q",
        ],
        ["exposure", "--credentials", "10", "--clients", "2", "--seconds", "0.5", "-q"], ["conform", "-q"],
    ]

    private func refused(
        _ disk: Disk, _ arguments: [String], says part: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try disk.contents()
        let result = try disk.program(arguments).finish()
        let said = "\(arguments): \(result.status) \(result.errors)"
        #expect(
            result.status == 65 && result.errors.contains(part), "\(said)", sourceLocation: sourceLocation)
        #expect(
            result.errors.split(separator: "\n").count == 1, "\(said)", sourceLocation: sourceLocation)
        #expect(try disk.contents() == before, "\(said)", sourceLocation: sourceLocation)
    }

    @Test(
        "a new database is refused beside anything that SQLite would take for its own",
        arguments: Disk.Kind.allCases)
    func besideNewDatabase(kind: Disk.Kind) throws {
        let disk = try Disk()
        for suffix in ["-journal", "-wal", "-shm"] {
            try disk.put(kind, at: "d\(suffix)/app\(suffix)")
            try disk.write("", to: "empty\(suffix)/app")
            try disk.put(kind, at: "empty\(suffix)/app\(suffix)")
            for command in Self.commands {
                for folder in ["d", "empty"] {
                    let path = "\(folder)\(suffix)/app"
                    try refused(
                        disk, command + ["--strategy", "sqlite", "--sqlite", path],
                        says: "app\(suffix) stands in the way")
                }
            }
        }
    }

    @Test("what is no database of ours is refused as one", arguments: Disk.Kind.allCases)
    func inPlaceOfDatabase(kind: Disk.Kind) throws {
        let disk = try Disk()
        try disk.put(kind, at: "d/app")
        for command in Self.commands {
            try refused(disk, command + ["--strategy", "sqlite", "--sqlite", "d/app"], says: "d/app")
        }
    }

    @Test("a database of another program keeps what it has not yet written into its file")
    func foreignLog() throws {
        let disk = try Disk()
        let connection = try SQLitePragmas.connect(path: disk.url("theirs.db").path, synchronous: "normal")
        try connection.execute("CREATE TABLE precious (id INTEGER); INSERT INTO precious VALUES (1)")
        // As after a crash: the log is there, and nobody has it open.
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                at: disk.url("theirs.db\(suffix)"), to: disk.url("copy.db\(suffix)"))
        }
        #expect(try disk.names(in: ".").contains("copy.db-wal"))
        for command in Self.commands {
            try refused(disk, command + ["--strategy", "sqlite", "--sqlite", "copy.db"], says: "copy.db")
        }
    }

    @Test(
        "beside a database of an earlier run only what SQLite itself wrote is taken",
        arguments: Disk.Kind.allCases)
    func besideOurDatabase(kind: Disk.Kind) throws {
        let disk = try Disk()
        _ = try SQLiteFile.claim(disk.url("app").path)
        for suffix in ["-journal", "-wal", "-shm"] {
            try FileManager.default.createDirectory(
                at: disk.url("d\(suffix)"), withIntermediateDirectories: false)
            try FileManager.default.copyItem(at: disk.url("app"), to: disk.url("d\(suffix)/app"))
            try disk.put(kind, at: "d\(suffix)/app\(suffix)")
            try refused(
                disk, Self.commands[0] + ["--strategy", "sqlite", "--sqlite", "d\(suffix)/app"],
                says: "app\(suffix) stands in the way")
        }
    }

    @Test("a gate writes over nothing that no gate wrote", arguments: Disk.Kind.allCases)
    func gateFolder(kind: Disk.Kind) throws {
        let disk = try Disk()
        let gate = [
            "gate", "--base", Program.url.path, "--head", Program.url.path, "--strategy", "hs256", "-q",
            "--out",
        ]
        for name in ["recording.jsonl", "report.txt", "report.md", "report.json", "report.xml", "gate.csv"] {
            try disk.put(kind, at: "of-\(name)/\(name)")
            try refused(disk, gate + ["of-\(name)"], says: name)
        }
        if kind != .folder && kind != .linkToFolder {
            try disk.put(kind, at: "gate")
            try refused(disk, gate + ["gate"], says: "--out")
        }
    }

    @Test("a comparison and a simulation are written to a file only", arguments: Disk.Kind.allCases)
    func outputFiles(kind: Disk.Kind) throws {
        guard kind != .file, kind != .linkToFile else { return }
        let disk = try Disk()
        let runs = try [CraftedRun("one"), CraftedRun("two")].map { try $0.write(in: disk.url("runs")).path }
        try disk.put(kind, at: "out.txt")
        try refused(disk, ["compare"] + runs + ["--out", "out.txt"], says: "out.txt")
        try refused(disk, ["gate", "simulate", "--runs", "1", "--out", "out.txt"], says: "out.txt")
        let key = try disk.authbench("token", "make", "--alg", "HS256", "--new-key", "out.txt")
        #expect(key.status == 65)
    }

    @Test("a file that a link leads to is written, and the link stays")
    func throughLink() throws {
        let disk = try Disk()
        let runs = try [CraftedRun("one"), CraftedRun("two")].map { try $0.write(in: disk.url("runs")).path }
        try disk.put(.linkToFile, at: "out.txt")
        #expect(try disk.authbench("compare", runs[0], runs[1], "--out", "out.txt").status == 0)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: disk.url("out.txt").path)
                == disk.url("precious/list.txt").path)
        #expect(try String(contentsOf: disk.url("precious/list.txt"), encoding: .utf8).contains("hs256-jwt"))
    }

    /// Puts things of all kinds under the names of a result folder, of temporary folders and beside the database.
    private func crowd(_ disk: Disk) throws {
        for kind in Disk.Kind.allCases {
            let inside = [
                "latest", "latest-exposure", "histograms.jsonl", "run.json", "latency.csv", "throughput.csv",
                "exposure.csv", ".part",
            ]
            for name in inside { try disk.put(kind, at: "out-\(kind)/\(name)") }
            for suffix in ["", "2", "-wal2", ".wal", "-journal-wal"] {
                try disk.put(kind, at: "data/app-\(kind)\(suffix)")
            }
            try disk.put(kind, at: "results-\(kind)")
        }
        let kinds = Disk.Kind.allCases
        for (number, kind) in kinds.enumerated() {
            try disk.put(kind, at: "tmp/authbench-deadbee\(number)")
            try disk.put(kind, at: "tmp/authbench-cafebab\(number)/.in-use")
            try disk.put(kind, at: "tmp/authbench-\(kind)")
            try disk.put(kind, at: "tmp/\(kind).sqlite-wal")
        }
        try disk.put(.file, at: "tmp/authbench-0123abcd/authbench.sqlite")
    }

    @Test("every command that ends well leaves what stands around its files as it was")
    func success() throws {
        let disk = try Disk()
        try crowd(disk)
        let before = try disk.contents()
        func expect(_ statuses: [Int32], _ arguments: [String]) throws {
            let result = try disk.program(arguments).finish()
            #expect(statuses.contains(result.status), "\(arguments): \(result.status) \(result.errors)")
            #expect(try disk.lost(since: before) == [], "\(arguments)")
        }
        let ended: [Int32] = [0, 3]
        for kind in Disk.Kind.allCases {
            try expect(
                ended,
                Self.commands[0] + ["--strategy", "sqlite", "--sqlite", "data/app", "--out", "out-\(kind)"])
        }
        try expect(
            ended,
            Self.commands[1] + [
                "--strategy", "sqlite", "--strategy", "redis", "--sqlite", "data/app", "--out", "out-file",
            ])
        try expect([0], Self.commands[2] + ["--strategy", "sqlite", "--sqlite", "data/app"])
        let runs = try ["out-file", "out-folder"].map { parent in
            let name = try disk.names(in: parent).first { $0.hasSuffix("Z-mixed") }
            return "\(parent)/\(try #require(name))"
        }
        try expect([0], ["merge"] + runs + ["--out", "out-pipe"])
        for run in runs { try expect([0], ["validate", run]) }
        try expect(ended, ["compare"] + runs + ["--out", "verdict.txt"])
        try expect(
            ended,
            [
                "gate", "--base", Program.url.path, "--head", Program.url.path, "--strategy", "sqlite",
                "--operation",
                "authenticate", "--fast", "--budget", "2", "-q", "--out", "gate",
            ])
        try expect([0], ["gate", "simulate", "--runs", "1", "--out", "curve.csv"])
        try expect([0], ["token", "make", "--alg", "HS256", "--new-key", "new.key"])
        for command in [["list"], ["schema"], ["trace", "--population", "320"]] { try expect([0], command) }
        #expect(try disk.names(in: "data").contains("app"))
        #expect(try !disk.names(in: "data").contains("app-wal"))
    }

    @Test("every command that fails leaves all as it was", arguments: Disk.Kind.allCases)
    func failure(kind: Disk.Kind) throws {
        let disk = try Disk()
        try disk.put(kind, at: "tmp/authbench-deadbeef")
        try disk.put(kind, at: "out/latest")
        try disk.put(kind, at: "here")
        let before = try disk.contents()
        let noRedis = ["--strategy", "redis", "--redis", "redis://127.0.0.1:1"]
        let failing =
            Self.commands.map { $0 + noRedis } + [
                Self.commands[0] + ["--strategy", "null", "--out", "/proc/nowhere/results"],
                Self.commands[0] + [
                    "--strategy", "sqlite", "--sqlite", "new/folder/app", "--out", "new/results",
                ],
                ["merge", "out", "precious", "--out", "out"], ["validate", "out"],
                ["compare", "out", "precious", "--out", "verdict.txt"],
                ["gate", "--base", "/bin/false", "--head", "/bin/false", "--out", "new/gate"],
                ["gate", "simulate", "--noise", "missing", "--out", "curve.csv"],
                ["token", "check", "--alg", "HS256", "--key", "out"], ["trace", "nosuch"],
            ]
        for arguments in failing
            + (["folder", "linkToFolder"].contains(kind.rawValue)
                ? []
                : [
                    Self.commands[0] + ["--strategy", "null", "--out", "here"],
                    Self.commands[1] + ["--strategy", "hs256", "--out", "here"],
                ])
        {
            let result = try disk.program(arguments).finish()
            #expect(result.status != 0, "\(arguments)")
            #expect(try disk.contents() == before, "\(arguments): \(result.errors)")
        }
    }

    @Test(
        "a run that a signal ends before it has measured anything leaves all as it was",
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func signal(number: Int32) throws {
        let disk = try Disk()
        try crowd(disk)
        let before = try disk.contents()
        for command in [["run", "--population", "320", "--duration"], ["exposure", "--seconds"]] {
            let program = try disk.program(
                command + [
                    "60", "--clients", "2", "--strategy", "sqlite", "--sqlite", "data/app", "--out",
                    "deep/er/results",
                ])
            let record = disk.url("deep/er/results")
            for _ in 0..<3000 where !FileManager.default.fileExists(atPath: record.path) { usleep(10_000) }
            kill(program.id, number)
            #expect(program.finish().status == 128 + number)
            #expect(try disk.contents() == before, "\(command)")
        }
    }
}
