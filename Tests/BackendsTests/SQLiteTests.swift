import Backends
import Foundation
import Testing

@Suite("SQLite")
struct SQLiteTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    @Test("binds, steps and reads what was written, statement after statement")
    func roundTrip() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let connection = try SQLiteConnection(path: path("a.db"))
        try connection.execute(
            "CREATE TABLE t (id BLOB PRIMARY KEY, n INTEGER, s TEXT) STRICT, WITHOUT ROWID")
        var insert = try connection.prepare("INSERT INTO t VALUES (?1, ?2, ?3)")
        var select = try connection.prepare("SELECT n, s FROM t WHERE id = ?1")
        for number in 0..<100 {
            try insert.bind(blob: [UInt8(number), 0, 255].span, at: 1)
            try insert.bind(Int64(number) * -7, at: 2)
            try insert.bind(text: Array("text \(number)".utf8).span, at: 3)
            try insert.run()
        }
        for number in 0..<100 {
            try select.bind(blob: [UInt8(number), 0, 255].span, at: 1)
            #expect(try select.step())
            #expect(select.integer(0) == Int64(number) * -7)
            #expect(select.bytes(1) == Array("text \(number)".utf8))
            select.reset()
        }
        try select.bind(blob: [1].span, at: 1)
        #expect(try !select.step())
    }

    @Test("says which operation failed, with code and message")
    func errors() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let connection = try SQLiteConnection(path: path("a.db"))
        let error = #expect(throws: SQLiteError.self) { try connection.execute("SELECT id FROM nowhere") }
        let description = try #require(error).description
        #expect(description.contains("no such table: nowhere"), "\(description)")
        try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)")
        var insert = try connection.prepare("INSERT INTO t VALUES (1)")
        #expect(throws: SQLiteError.self) { try insert.run() }
        #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t VALUES ('text')") }
    }

    @Test("rolls back a transaction that failed and commits one that did not")
    func transactions() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let connection = try SQLiteConnection(path: path("a.db"))
        try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT")
        struct Refusal: Error {}
        try connection.beginWriting()
        try connection.execute("INSERT INTO t VALUES (1)")
        #expect(throws: Refusal.self) { try connection.end(Result<Void, any Error>.failure(Refusal())) }
        #expect(try connection.integer("SELECT count(*) FROM t") == 0)
        try connection.beginWriting()
        try connection.execute("INSERT INTO t VALUES (1)")
        try connection.end(Result<Void, any Error>.success(()))
        #expect(try connection.integer("SELECT count(*) FROM t") == 1)
    }

    @Test("claims a new file, an empty one and its own, and leaves everything else as it was")
    func claiming() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try SQLiteFile.claim(path("new.db")).isNew)
        #expect(try !SQLiteFile.claim(path("new.db")).isNew)
        try Data().write(to: folder.appendingPathComponent("empty.db"))
        #expect(try !SQLiteFile.claim(path("empty.db")).isNew)

        let text = folder.appendingPathComponent("notes.txt")
        try Data("shopping list".utf8).write(to: text)
        #expect(throws: SQLiteFileError.self) { try SQLiteFile.claim(text.path) }
        #expect(try Data(contentsOf: text) == Data("shopping list".utf8))

        try SQLiteConnection(path: path("other.db")).execute("CREATE TABLE precious (id INTEGER)")
        let before = try Data(contentsOf: folder.appendingPathComponent("other.db"))
        #expect(throws: SQLiteFileError.self) { try SQLiteFile.claim(path("other.db")) }
        #expect(try Data(contentsOf: folder.appendingPathComponent("other.db")) == before)

        #expect(throws: SQLiteFileError.self) { try SQLiteFile.mark(path("other.db")) }
        #expect(throws: SQLiteFileError.self) { try SQLiteFile.claim(folder.path) }
        #expect(throws: SQLiteFileError.self) { try SQLiteFile.claim(path("no/such/folder.db")) }
    }
}
