import AuthVerdict
import Foundation
import Testing

/// Runs at the same time, and runs after one that was killed.
@Suite("Together")
struct TogetherTests {
    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<3000 {
            if try condition() { return true }
            usleep(10_000)
        }
        return false
    }

    private func temporaryFolders(_ disk: Disk) throws -> [String] {
        try disk.names(in: "tmp").filter { $0.hasPrefix("authbench-") }
    }

    private func first(_ disk: Disk, _ arguments: [String]) throws -> Program {
        let program = try disk.program(arguments)
        // SQLite has made all its files, and filled the last of them.
        let path = disk.url("app-shm").path
        try #require(
            eventually {
                let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
                return (size ?? 0) >= 32_768
            })
        return program
    }

    @Test("a second run on one database is refused, by whatever path, and the first ends as if alone")
    func oneDatabase() throws {
        let disk = try Disk()
        let run = [
            "run", "--population", "320", "--strategy", "sqlite", "--warm-up", "0", "--repeats", "2", "-q",
            "--sqlite",
            "app", "--duration", "2",
        ]
        let program = try first(disk, run)
        try FileManager.default.createSymbolicLink(
            atPath: disk.url("other").path, withDestinationPath: "app")
        for arguments in [
            run, ["exposure", "--strategy", "sqlite", "--sqlite", "app"],
            ["conform", "--strategy", "sqlite", "--sqlite", "app"], run + ["--sqlite", "other"],
        ] {
            let before = try disk.names(in: "results").count
            let second = try disk.program(arguments).finish()
            #expect(second.status == 65, "\(second.errors)")
            #expect(second.errors.contains("is in use by another run"), "\(second.errors)")
            #expect(
                try disk.names(in: "results").count <= before + 1, "only the first has a folder, and latest")
        }
        let result = program.finish()
        #expect([0, 3].contains(result.status), "\(result.errors)")
        let latest = disk.url("results/latest").resolvingSymlinksInPath()
        #expect(Validation(latest).faults == [])
        #expect(try disk.names(in: "results").count == 2)
        #expect(try disk.names(in: "tmp") == [])
    }

    @Test("a database is free again when the run that had it was killed")
    func killedDatabase() throws {
        let disk = try Disk()
        let program = try first(
            disk,
            ["run", "--population", "320", "--strategy", "sqlite", "--duration", "60", "--sqlite", "app"])
        kill(program.id, SIGKILL)
        _ = program.finish()
        #expect(try disk.names(in: ".").contains("app-wal"))
        let next = try disk.authbench(
            "run", "--population", "320", "--strategy", "sqlite", "--operations", "4000", "--warm-up", "0",
            "--repeats",
            "1", "--sqlite", "app")
        #expect([0, 3].contains(next.status), "\(next.errors)")
        #expect(try !disk.names(in: ".").contains("app-wal"))
    }

    @Test("a second gate on one folder is refused, and the first ends as if alone")
    func oneGateFolder() throws {
        let disk = try Disk()
        let gate = [
            "gate", "--base", Program.url.path, "--head", Program.url.path, "--strategy", "hs256",
            "--operation",
            "authenticate", "--fast", "--budget", "5", "-q", "--out", "gate",
        ]
        let program = try disk.program(gate)
        let recording = disk.url("gate/recording.jsonl")
        #expect(eventually { ((try? Data(contentsOf: recording)) ?? Data()).count > 0 })
        let second = try disk.program(gate).finish()
        #expect(second.status == 65)
        #expect(second.errors.contains("is in use by another run"), "\(second.errors)")
        let result = program.finish()
        #expect([0, 3].contains(result.status), "\(result.errors)")
        let again = try disk.authbench("gate", "--replay", "gate/recording.jsonl")
        #expect(again.output == result.output)
        #expect(try disk.names(in: "tmp") == [])
    }

    @Test(
        "what a killed run left in the temporary folder goes at the next start, what a living one has stays")
    func killed() throws {
        let disk = try Disk()
        let long = [
            "run", "--population", "320", "--strategy", "sqlite", "--strategy", "redis", "--duration", "60",
        ]
        let dead = try disk.program(long)
        try #require(eventually { try temporaryFolders(disk).count == 1 && dead.children.count == 1 })
        let folder = try #require(try temporaryFolders(disk).first)
        try #require(
            eventually {
                FileManager.default.fileExists(atPath: disk.url("tmp/\(folder)/authbench.sqlite").path)
            })
        // What a link in it leads to is not in it.
        try FileManager.default.createSymbolicLink(
            atPath: disk.url("tmp/\(folder)/link").path, withDestinationPath: disk.url("precious").path)
        kill(dead.id, SIGKILL)
        _ = dead.finish()
        #expect(try temporaryFolders(disk) == [folder])
        let living = try disk.program(long)
        try #require(eventually { try !temporaryFolders(disk).contains(folder) })
        try #require(
            eventually {
                try temporaryFolders(disk).contains {
                    FileManager.default.fileExists(atPath: disk.url("tmp/\($0)/authbench.sqlite").path)
                }
            })
        let mine = try temporaryFolders(disk)
        #expect(mine.count == 1)
        let short = try disk.authbench(
            "run", "--strategy", "null", "--population", "320", "--operations", "400", "--warm-up", "0", "-q")
        #expect([0, 3].contains(short.status))
        #expect(try temporaryFolders(disk) == mine)
        #expect(try disk.names(in: "tmp/\(mine.first ?? "")").contains("authbench.sqlite"))
        kill(living.id, SIGTERM)
        _ = living.finish()
        #expect(try disk.names(in: "tmp") == [])
        #expect(try disk.names(in: "precious") == ["list.txt"])
    }
}
