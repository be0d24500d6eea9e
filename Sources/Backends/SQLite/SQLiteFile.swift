import CAuthBenchSQLite
import Foundation

/// Tells our own database files from everything else, so that nobody's data is ever dropped.
package enum SQLiteFile {
    /// Marks our files in the header (https://sqlite.org/pragma.html#pragma_application_id): "auth".
    private static let applicationID: UInt32 = 0x6175_7468
    private static let foreign =
        "is a database of another program: name a new file, authbench empties its own"

    /// Takes a path for one run: a file that is new, empty or marked by an earlier run, and in use by no other.
    ///
    /// - Throws: `SQLiteFileError` for anything else, which is left as it was.
    package static func claim(_ path: String) throws(SQLiteFileError) -> SQLiteClaim {
        let claim: SQLiteClaim
        do {
            // SQLite deletes what it takes for remains of an earlier database of this name.
            let file = try ClaimedFile.claim(path) { (path) throws(FileError) in
                try refuseNeighbours(of: path)
            }
            claim = SQLiteClaim(file, wasEmpty: try isEmpty(file, named: path))
        } catch { throw SQLiteFileError(description: "\(error)") }
        do { try mark(claim.path) } catch {
            claim.undo()
            throw SQLiteFileError(description: "\(path): \(error)")
        }
        return claim
    }

    /// Marks a file as ours that has no tables yet.
    ///
    /// - Throws: `SQLiteFileError` for another program's database, `SQLiteError` for what is none.
    package static func mark(_ path: String) throws {
        let connection = try SQLiteConnection(path: path)
        if try connection.integer("PRAGMA application_id") == Int64(applicationID) { return }
        guard try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 else {
            throw SQLiteFileError(description: "\(path) \(foreign)")
        }
        try connection.execute("PRAGMA application_id = \(applicationID)")
    }

    /// Looks at the bytes of the file: SQLite itself would finish or roll back what another program left half done.
    private static func isEmpty(_ file: ClaimedFile, named path: String) throws(FileError) -> Bool {
        let head = file.head(100)
        guard !head.isEmpty else {
            if !file.isNew { try refuseNeighbours(of: file.path) }
            return true
        }
        guard head.starts(with: "SQLite format 3\0".utf8) else {
            throw FileError(path, "is not an SQLite database")
        }
        // https://sqlite.org/fileformat2.html#the_database_header
        guard head.count == 100, head[68..<72].reduce(0, { $0 << 8 | UInt32($1) }) == applicationID else {
            throw FileError(path, foreign)
        }
        let found = SQLiteSide.allCases.map { ($0, $0.content(beside: file.path)) }
        let hasIndex = found.contains { $0 == (.index, .sqlite) }
        for (side, content) in found {
            // A run that was killed before it wrote anything has left the log empty.
            let isEmptyLog = side == .log && content == .empty && hasIndex
            guard content == .absent || content == .sqlite || isEmptyLog else {
                throw side.refusal(of: file.path)
            }
        }
        return false
    }

    private static func refuseNeighbours(of path: String) throws(FileError) {
        for side in SQLiteSide.allCases where FileStatus(at: side.path(of: path)) != nil {
            throw side.refusal(of: path)
        }
    }
}

/// A database that one run has for itself.
package final class SQLiteClaim: Sendable {
    private let file: ClaimedFile
    private let wasEmpty: Bool
    /// Where the database is, when links have been followed: SQLite puts its other files beside it.
    package var path: String { file.path }
    package var isNew: Bool { file.isNew }

    fileprivate init(_ file: ClaimedFile, wasEmpty: Bool) {
        self.file = file
        self.wasEmpty = wasEmpty
    }

    /// Puts everything as it was before a claim of a new or empty file; a database of an earlier run stays.
    package func undo() {
        guard wasEmpty, file.isInPlace else { return }
        // There were none when the claim was made.
        for side in SQLiteSide.allCases {
            let content = side.content(beside: path)
            guard content == .empty || content == .sqlite else { continue }
            FileStatus(at: side.path(of: path))?.remove(from: side.path(of: path))
        }
        if isNew { file.remove() } else { try? file.empty() }
    }
}

/// The files that SQLite keeps beside a database (https://sqlite.org/tempfiles.html).
private enum SQLiteSide: String, CaseIterable {
    case journal = "-journal"
    case log = "-wal"
    case index = "-shm"

    func path(of database: String) -> String { database + rawValue }

    func refusal(of database: String) -> FileError {
        FileError(
            path(of: database),
            "stands in the way: SQLite would take it for its own; name another file or move it")
    }

    enum Content { case absent, empty, sqlite, other }

    func content(beside database: String) -> Content {
        let path = path(of: database)
        guard let status = FileStatus(at: path) else { return .absent }
        guard status.kind == .file, let handle = FileHandle(forReadingAtPath: path),
            let head = try? handle.read(upToCount: 8) ?? Data(), let size = try? handle.seekToEnd()
        else { return .other }
        if size == 0 { return .empty }
        return size >= smallest && head.count == 8 && isHead(Array(head)) ? .sqlite : .other
    }

    private var smallest: UInt64 { self == .index ? 32_768 : 8 }

    private func isHead(_ head: [UInt8]) -> Bool {
        switch self {
        // https://sqlite.org/fileformat2.html#the_rollback_journal
        case .journal: head == [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
        // https://sqlite.org/fileformat2.html#wal_file_format
        case .log: head.starts(with: [0x37, 0x7F, 0x06]) && (head[3] == 0x82 || head[3] == 0x83)
        // https://sqlite.org/walformat.html, in the machine's byte order: 0 until it is filled.
        case .index:
            [0, 3_007_000].contains(
                head.prefix(4).reversed().reduce(UInt32(0), { $0 << 8 | UInt32($1) }).littleEndian)
        }
    }
}

/// Why a path cannot be the database of a run.
package struct SQLiteFileError: Error, CustomStringConvertible {
    package var description: String
}

/// The disk under all databases of this process, as far as it can be full.
///
/// SQLite asks the system through a table that may be changed (sqlite3_vfs, xSetSystemCall), so that no disk need be
/// filled: each write then fails as the system would let it fail (ENOSPC).
package enum SQLiteDisk {
    /// The calls by which SQLite writes to a file (os_unix.c); which of them it uses depends on how it was compiled.
    private static let calls = ["write", "pwrite", "pwrite64"]

    /// Lets no write succeed until `free`.
    package static func fill() {
        for name in calls {
            switch name {
            case "write":
                let refused: @convention(c) (Int32, UnsafeRawPointer?, Int) -> Int = { _, _, _ in
                    errno = ENOSPC
                    return -1
                }
                unsafe put(unsafeBitCast(refused, to: sqlite3_syscall_ptr.self), name)
            default:
                let refused: @convention(c) (Int32, UnsafeRawPointer?, Int, Int) -> Int = { _, _, _, _ in
                    errno = ENOSPC
                    return -1
                }
                unsafe put(unsafeBitCast(refused, to: sqlite3_syscall_ptr.self), name)
            }
        }
    }

    /// Gives the disk room again.
    package static func free() { for name in calls { unsafe put(nil, name) } }

    @unsafe private static func put(_ call: sqlite3_syscall_ptr?, _ name: String) {
        guard let system = unsafe sqlite3_vfs_find(nil) else { return }
        _ = unsafe system.pointee.xSetSystemCall(system, name, call)
    }
}
