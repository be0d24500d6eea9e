import Backends
import Foundation
import Testing

/// Who owns what on the disk.
@Suite("Files")
final class FileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private func read(_ name: String) -> String? {
        try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    private func names(_ inner: String = ".") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(inner)).sorted()
    }

    @Test("a file has one claim at a time, by whatever name, and is free when the claim is gone")
    func oneClaim() throws {
        do {
            let claim = try ClaimedFile.claim(path("a"))
            #expect(claim.isNew)
            try FileManager.default.linkItem(atPath: path("a"), toPath: path("hard"))
            try FileManager.default.createSymbolicLink(atPath: path("soft"), withDestinationPath: "a")
            for name in ["a", "hard", "soft"] {
                let error = #expect(throws: FileError.self) { try ClaimedFile.claim(path(name)) }
                #expect(error?.description == "\(path(name)) is in use by another run")
            }
            withExtendedLifetime(claim) {}
        }
        #expect(try !ClaimedFile.claim(path("soft")).isNew)
    }

    @Test("a claimed file is removed only where it still stands")
    func replaced() throws {
        let claim = try ClaimedFile.claim(path("a"))
        try FileManager.default.moveItem(atPath: path("a"), toPath: path("b"))
        try write("theirs", to: "a")
        claim.remove()
        #expect(read("a") == "theirs")
        #expect(try names() == ["a", "b"])
    }

    @Test("SQLite's own locks hold beside a claim, and the claim beside them")
    func sqliteLocks() throws {
        let claim = try SQLiteFile.claim(path("a"))
        let one = try SQLiteConnection(path: claim.path)
        let two = try SQLiteConnection(path: claim.path)
        try one.beginWriting()
        #expect(throws: SQLiteFileError.self) { try SQLiteFile.claim(path("a")) }
        #expect(throws: SQLiteError.self) { try two.beginWriting() }
        try one.execute("COMMIT")
        try two.beginWriting()
    }

    @Test("a claim of a new or empty database can be undone, one of an earlier run's stays as it is")
    func undone() throws {
        try write("", to: "empty")
        func connect(_ claim: SQLiteClaim) throws -> SQLiteConnection {
            let connection = try SQLitePragmas.connect(path: claim.path, synchronous: "normal")
            try connection.execute("CREATE TABLE t (id INTEGER)")
            return connection
        }
        let new = try SQLiteFile.claim(path("new"))
        // Open still, as in a run that hangs: the log and its index are there.
        let connection = try connect(new)
        #expect(try names() == ["empty", "new", "new-shm", "new-wal"])
        new.undo()
        try connection.execute("INSERT INTO t VALUES (1)")
        let empty = try SQLiteFile.claim(path("empty"))
        _ = try connect(empty)
        #expect(read("empty") != "")
        empty.undo()
        #expect(try names() == ["empty"])
        #expect(read("empty") == "")
        _ = try SQLiteFile.claim(path("ours"))
        let before = try Data(contentsOf: folder.appendingPathComponent("ours"))
        try SQLiteFile.claim(path("ours")).undo()
        #expect(try Data(contentsOf: folder.appendingPathComponent("ours")) == before)
    }

    @Test(
        "of what was made only what is still the same is removed, and folders only when nothing else is in them"
    )
    func made() throws {
        let made = MadeFiles()
        try made.makeFolders(path("a/b/c"))
        try made.makeFolders(path("d/e"))
        for name in ["a/b/c/one", "a/b/c/two"] {
            try write("ours", to: name)
            made.note(path(name))
        }
        try FileManager.default.moveItem(atPath: path("a/b/c/two"), toPath: path("a/b/c/moved"))
        try write("theirs", to: "a/b/c/two")
        made.removeAll()
        #expect(try names() == ["a"])
        #expect(try names("a/b/c") == ["moved", "two"])
        #expect(throws: FileError.self) { try made.makeFolder(path("a")) }
        #expect(throws: FileError.self) { try made.makeFolders(path("a/b/c/two/more")) }
        try made.makeFolders(path("kept"))
        made.keep()
        made.removeAll()
        #expect(try names() == ["a", "kept"])
    }

    @Test("a name that is taken, or whose working name is, gets a number")
    func numbered() throws {
        let made = MadeFiles()
        try write("theirs", to: "x")
        try write("theirs", to: ".x-2.part")
        #expect(try made.makeFolder(in: folder.path, named: "x") { ".\($0).part" } == "x-3")
        #expect(try made.makeFolder(in: folder.path, named: "x") == "x-2")
        #expect(try names() == [".x-2.part", ".x-3.part", "x", "x-2"])
    }

    @Test("a folder gets its final name only where nothing stands")
    func moved() throws {
        let made = MadeFiles()
        try made.makeFolder(path("aside"))
        try write("theirs", to: "final")
        let (aside, final) = (folder.appendingPathComponent("aside"), folder.appendingPathComponent("final"))
        #expect(throws: FileError.self) { try made.move(aside, to: final) }
        #expect(read("final") == "theirs")
        _ = try made.move(aside, to: folder.appendingPathComponent("free"))
        made.removeAll()
        #expect(try names() == ["final", "free"])
    }

    @Test("a pipe is read like a file, to its end")
    func pipe() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("text".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        #expect(try InputFile.bytes(path) == Array("text".utf8))
        #expect(throws: FileError.self) { _ = try InputFile.bytes("/nowhere") }
        let error = #expect(throws: FileError.self) { _ = try InputFile.bytes("/") }
        #expect(error?.number == EISDIR)
    }

    @Test("a link in a circle in place of a folder is said to be one")
    func circle() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let link = folder.appendingPathComponent("link").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "link")
        let error = #expect(throws: FileError.self) { try MadeFiles().makeFolders(link) }
        #expect(error.map { "\($0)".contains("leads nowhere, or in a circle") } == true)
    }

    @Test("a link is pointed elsewhere only if it is ours")
    func links() throws {
        func point(_ name: String, at target: String) -> String? {
            SymbolicLink.point(path(name), at: target) { $0.hasPrefix("run") }.map { "\($0)" }
        }
        func target(_ name: String) throws -> String {
            try FileManager.default.destinationOfSymbolicLink(atPath: path(name))
        }
        #expect(point("latest", at: "run1") == nil)
        #expect(point("latest", at: "run2") == nil)
        #expect(try target("latest") == "run2")
        try FileManager.default.createSymbolicLink(atPath: path("theirs"), withDestinationPath: "precious")
        #expect(point("theirs", at: "run2")?.contains("leads to precious") == true)
        #expect(try target("theirs") == "precious")
        try write("text", to: "file")
        #expect(point("file", at: "run2")?.contains("is a file, not a link") == true)
        #expect(point("no/folder", at: "run2")?.contains("No such file") == true)
        #expect(read("file") == "text")
        #expect(try names() == ["file", "latest", "theirs"])
    }

    @Test("a temporary folder goes with all that is in it, and nothing that links in it lead to")
    func temporary() throws {
        try write("text", to: "precious")
        let temporary = try TemporaryFolder()
        let inner = try temporary.makeFolder("inner")
        try FileManager.default.createDirectory(
            at: inner.appendingPathComponent("a/b"), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: inner.appendingPathComponent("a/b/file"))
        for (name, target) in [("file", path("precious")), ("folder", folder.path), ("nowhere", "nowhere")] {
            try FileManager.default.createSymbolicLink(
                atPath: inner.appendingPathComponent(name).path, withDestinationPath: target)
        }
        try FileManager.default.createSymbolicLink(
            atPath: temporary.url.appendingPathComponent("folder").path, withDestinationPath: folder.path)
        temporary.removeFolder(inner)
        #expect(FileStatus(at: inner.path) == nil)
        #expect(FileStatus(at: temporary.url.path) != nil)
        temporary.removeFolder(temporary.url.appendingPathComponent("folder"))
        temporary.remove()
        #expect(FileStatus(at: temporary.url.path) == nil)
        #expect(read("precious") == "text")
    }

    @Test("a folder of the same name in place of a temporary one stays")
    func exchanged() throws {
        let temporary = try TemporaryFolder()
        let elsewhere = folder.appendingPathComponent("elsewhere")
        try FileManager.default.moveItem(at: temporary.url, to: elsewhere)
        try FileManager.default.createDirectory(at: temporary.url, withIntermediateDirectories: false)
        try Data("theirs".utf8).write(to: temporary.url.appendingPathComponent("file"))
        temporary.remove()
        #expect(FileStatus(at: temporary.url.appendingPathComponent("file").path) != nil)
        try FileManager.default.removeItem(at: temporary.url)
    }
}
