import Foundation
import Testing

@testable import AuthBenchCLI
@testable import AuthGate

/// The built program under Valgrind.
@Suite("Callgrind")
struct InstructionCallgrindTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    /// An executable script in the folder.
    private func script(_ text: String) throws -> URL {
        try executable(text, at: folder.appendingPathComponent("program"))
    }

    @Test("finds no change between a program and itself")
    func same() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let instructions = InstructionCounts(
            counter: try Callgrind(folder: folder), strategies: ["hs256-jwt"])
        var talk: [String] = []
        let counts = try instructions.measure(base: Program.url, head: Program.url) { talk.append($0) }
        #expect(talk == ["hs256-jwt"])
        #expect(counts.map(\.verdict) == [.pass])
        for count in counts {
            #expect(abs(count.change ?? 1) < 0.001, "\(count)")
            // An HMAC over seven blocks of SHA-256 takes no fewer.
            #expect((count.base ?? 0) > 1000, "\(count)")
        }
    }

    static let unusable: [(script: String, part: String)] = [
        ("exit 64", "cannot count instructions"), ("echo hello", "does not speak version 2"),
        (#"echo '{"instructions_protocol":1,"cells":[]}'"#, "does not speak version 2"),
        ("echo no such file >&2; exit 2", "ended with status 2: no such file"),
        ("kill -SEGV $$", "crashed with signal 11"),
    ]

    @Test("says in one line what is wrong with a program", arguments: InstructionCallgrindTests.unusable)
    func refused(text: String, part: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let counter = try Callgrind(folder: folder)
        let program = try script(text)
        do {
            _ = try counter.cases(of: program)
            Issue.record("taken for a program that counts")
        } catch let fault as GateError {
            #expect(fault.status == 2)
            #expect(fault.description.contains(part), "\(fault.description)")
        }
    }

    @Test("takes no program in which nothing was counted for one in which nothing changed")
    func zero() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try script(#"echo '{"instructions_protocol":2,"name":"a","operations":400}'"#)
        let counter = try Callgrind(folder: folder)
        #expect(throws: GateError.self) {
            try counter.instructions("a", 400, base: program, head: program)
        }
    }
}
