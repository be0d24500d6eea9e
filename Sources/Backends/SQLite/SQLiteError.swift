import CSQLite

/// A failed SQLite call: the operation, the extended result code and the library's message.
package struct SQLiteError: Error, CustomStringConvertible, Equatable {
    package var operation: String
    package var code: Int32
    package var message: String

    package init(operation: String, code: Int32, message: String) {
        self.operation = operation
        self.code = code
        self.message = message
    }

    init(_ operation: String, code: Int32, on database: OpaquePointer?) {
        self.operation = operation
        self.code = unsafe database == nil ? code : sqlite3_extended_errcode(database)
        let text = unsafe database == nil ? sqlite3_errstr(code) : sqlite3_errmsg(database)
        message = unsafe text.map { unsafe String(cString: $0) } ?? "no message"
    }

    /// The code without its extension (https://sqlite.org/rescode.html).
    package var primaryCode: Int32 { code & 0xFF }

    package var isNotADatabase: Bool { primaryCode == SQLITE_NOTADB }
    package var isFull: Bool { primaryCode == SQLITE_FULL }

    /// Whether the file was locked, full, gone or damaged, for which nobody who asks it is to blame.
    package var isOutage: Bool {
        [
            SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT,
            SQLITE_FULL,
            SQLITE_CANTOPEN, SQLITE_NOTADB,
        ].contains(primaryCode)
    }

    package var description: String { "SQLite could not \(operation): \(message) (code \(code))" }
}
