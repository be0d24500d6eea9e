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

    /// A file with a table, and a connection to it whose log may take so much.
    private func logged(_ limit_bytes: Int64) throws -> SQLiteConnection {
        let connection = try SQLitePragmas.connect(
            path: path("log.db"), synchronous: "normal", logLimit_bytes: limit_bytes)
        try connection.execute("CREATE TABLE t (b BLOB) STRICT")
        return connection
    }

    @Test("begins the log anew past its limit, counts that, and tells the longest that it was")
    func logLimit() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let connection = try logged(100_000)
        let log = SQLiteLog.of(path("log.db"))
        let before = connection.statementsRun
        for _ in 0..<50 { try connection.execute("INSERT INTO t VALUES (zeroblob(3000))") }
        #expect(log.restarts > 0)
        #expect(connection.statementsRun - before == 50 + log.restarts)
        #expect(100_000...130_000 ~= log.peak_bytes, "\(log.peak_bytes)")
        let attributes = try FileManager.default.attributesOfItem(atPath: path("log.db-wal"))
        // Cut off where it began anew.
        #expect(100_000...log.peak_bytes ~= (attributes[.size] as? Int ?? 0))
    }

    @Test("fails no commit because a reader holds the log, and tries again when it is gone")
    func heldLog() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let connection = try logged(20_000)
        let log = SQLiteLog.of(path("log.db"))
        let reader = try SQLiteConnection(path: path("log.db"))
        try reader.execute("BEGIN; SELECT count(*) FROM t")
        for _ in 0..<6 { try connection.execute("INSERT INTO t VALUES (zeroblob(3000))") }
        #expect(log.restarts == 0)
        #expect(log.peak_bytes > 20_000)
        try reader.execute("COMMIT")
        try connection.execute("INSERT INTO t VALUES (zeroblob(3000))")
        #expect(log.restarts == 1)
        #expect(try connection.integer("SELECT count(*) FROM t") == 7)
    }

    @Test("leaves the log of a bulk load alone, and keeps its limit afterwards")
    func bulk() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let connection = try logged(20_000)
        let log = SQLiteLog.of(path("log.db"))
        let before_bytes = log.peak_bytes
        let bulk = try SQLiteBulk(on: connection)
        for _ in 0..<20 { try connection.execute("INSERT INTO t VALUES (zeroblob(3000))") }
        bulk.end(on: connection)
        #expect(log.restarts == 0 && log.peak_bytes == before_bytes)
        #expect(try SQLitePragmas(of: connection).journal_size_limit == 20_000)
        try connection.execute("INSERT INTO t VALUES (zeroblob(3000))")
        #expect(log.restarts == 1)
    }
}
