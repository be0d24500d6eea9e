import AuthVerdict
import Foundation
import Testing

/// Ends a running program and looks at what it leaves behind.
@Suite("Signals")
struct SignalTests {
    private let folder: URL
    private let temporary: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        temporary = folder.appendingPathComponent("tmp")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    }

    /// Starts a run that would go on for minutes, and returns when it has measured something.
    private func start() throws -> (program: Program, server: Int32) {
        var environment = ProcessInfo.processInfo.environment
        environment["TMPDIR"] = temporary.path
        let program = try Program(
            [
                "run", "--strategy", "redis-session", "--population", "320", "--duration", "0.2", "--repeats",
                "1000",
            ],
            in: folder, environment: environment)
        let csv = folder.appendingPathComponent("results/latest/throughput.csv").path
        var server: Int32?
        try #require(
            eventually {
                server = program.children.first
                return FileManager.default.fileExists(atPath: csv) && server != nil
            })
        return (program, try #require(server))
    }

    /// Looks again and again, for at most 20 s.
    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            usleep(10_000)
        }
        return false
    }

    private func isGone(_ process: Int32) -> Bool {
        eventually {
            guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
                return true
            }
            return text.contains(") Z ")
        }
    }

    @Test(
        "SIGINT, SIGTERM and SIGQUIT end a run in order: files kept, no server, no temporary folder",
        arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143)), (SIGQUIT, Int32(131))])
    func inOrder(signal: Int32, status: Int32) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (program, server) = try start()
        kill(program.id, signal)
        let result = program.finish()
        #expect(result.status == status)
        #expect(result.errors.contains("what was finished is in the files"))
        #expect(isGone(server))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        let latest = folder.appendingPathComponent("results/latest")
        let record = try Data(contentsOf: latest.appendingPathComponent("run.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: record) as? [String: Any])
        #expect(json["status"] as? String == "interrupted")
        let rows = try String(contentsOf: latest.appendingPathComponent("throughput.csv"), encoding: .utf8)
            .split(separator: "\n")
        #expect(rows.count >= 2)
        #expect(Set(rows.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
    }

    @Test("a signal ends a run in time when its store hangs")
    func hangingStore() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (program, server) = try start()
        kill(server, SIGSTOP)
        kill(program.id, SIGTERM)
        let result = program.finish()
        #expect(result.status == 143)
        #expect(isGone(server))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        let latest = folder.appendingPathComponent("results/latest").resolvingSymlinksInPath()
        let record = try Data(contentsOf: latest.appendingPathComponent("run.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: record) as? [String: Any])
        #expect(json["status"] as? String == "interrupted")
        #expect(Validation(latest).faults == [], "what was finished can be used")
    }

    @Test("under nohup a run outlives its terminal")
    func nohup() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Program(
            after: "trap '' HUP",
            ["run", "--strategy", "null", "--population", "320", "--duration", "0.2", "--repeats", "5"],
            in: folder)
        let csv = folder.appendingPathComponent("results/latest/throughput.csv").path
        try #require(eventually { FileManager.default.fileExists(atPath: csv) })
        kill(program.id, SIGHUP)
        #expect([0, 3].contains(program.finish().status))
    }

    @Test("a gate whose programs hang ends at a signal, with them and what they have started")
    func hangingGate() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let wrapper = folder.appendingPathComponent("wrapper")
        let started = folder.appendingPathComponent("started")
        try executable(
            "trap '' TERM INT HUP\nsleep 1000 &\necho $! >>\(started.path)\nwait\nwait", at: wrapper)
        let program = try Program(
            ["gate", "--base", wrapper.path, "--head", wrapper.path, "--out", "gate"], in: folder,
            environment: ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary.path]) { $1 })
        func sleepers() -> [Int32] {
            let text = try? String(contentsOf: started, encoding: .utf8)
            return text?.split(separator: "\n").compactMap { Int32($0) } ?? []
        }
        try #require(eventually { sleepers().count == 2 })
        kill(program.id, SIGINT)
        #expect(program.finish().status == 130)
        for process in sleepers() { #expect(isGone(process)) }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("gate").path))
    }

    @Test("the server goes when the program itself is killed")
    func killed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (program, server) = try start()
        kill(program.id, SIGKILL)
        _ = program.finish()
        #expect(isGone(server))
    }
}
