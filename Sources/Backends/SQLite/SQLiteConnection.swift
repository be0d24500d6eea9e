import CAuthBenchSQLite

/// One connection to a database file; one per client, never shared between threads.
@safe package struct SQLiteConnection: ~Copyable {
    private let handle: OpaquePointer
    /// On the heap, because running a statement changes no connection, and SQLite knows the address.
    private let state: UnsafeMutablePointer<State>

    /// Opens a file, making it where it does not exist.
    package init(path: String) throws(SQLiteError) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle = unsafe handle else {
            let error = unsafe SQLiteError("open \(path)", code: code, on: handle)
            unsafe sqlite3_close_v2(handle)
            throw error
        }
        unsafe self.handle = handle
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State())
    }

    /// Statements may outlive the connection for a moment: `sqlite3_close_v2` waits for them.
    deinit {
        checkpoint(every: SQLiteLog.autocheckpoint_pages)
        unsafe sqlite3_close_v2(handle)
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Runs statements whose rows nobody wants.
    package func execute(_ sql: String) throws(SQLiteError) {
        unsafe state.pointee.executions += 1
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else {
            throw unsafe SQLiteError("run \(summary(sql))", code: code, on: handle)
        }
    }

    /// Runs a statement whose only row has one integer.
    package func integer(_ sql: String) throws(SQLiteError) -> Int64 {
        var statement = try prepare(sql)
        guard try statement.step() else { return 0 }
        return statement.integer(0)
    }

    /// Runs a statement whose only row has one text.
    package func text(_ sql: String) throws(SQLiteError) -> String {
        var statement = try prepare(sql)
        guard try statement.step() else { return "" }
        return String(decoding: statement.bytes(0), as: UTF8.self)
    }

    /// Compiles a statement to be stepped through again and again.
    ///
    /// - Parameters:
    ///   - sql: one statement.
    ///   - longest_bytes: the most that is bound to one of its parameters.
    /// - Returns: the statement.
    /// - Throws: `SQLiteError` for what is no statement, or names what is not there.
    package func prepare(
        _ sql: String, longest_bytes: Int = 256
    ) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement = unsafe statement else {
            throw unsafe SQLiteError("prepare \(summary(sql))", code: code, on: handle)
        }
        return unsafe SQLiteStatement(statement, parameter_bytes: longest_bytes)
    }

    /// How many statements have run, by `execute` and those prepared that still exist (SQLITE_STMTSTATUS_RUN), and
    /// checkpoints that waited.
    package var statementsRun: Int {
        var count = unsafe state.pointee.executions
        var statement = unsafe sqlite3_next_stmt(handle, nil)
        while let current = unsafe statement {
            count += unsafe Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_RUN, 0))
            unsafe statement = sqlite3_next_stmt(handle, current)
        }
        return count
    }

    /// How many rows the last statement changed.
    package var changes: Int { unsafe Int(sqlite3_changes64(handle)) }

    /// How long a statement waits for another connection's lock before it fails with SQLITE_BUSY.
    package func setBusyTimeout(milliseconds: Int32) {
        unsafe sqlite3_busy_timeout(handle, milliseconds)
    }

    // MARK: The write-ahead log

    /// Keeps the file's log below a limit from now on.
    ///
    /// - Parameters:
    ///   - log: that of the connection's file.
    ///   - limit_bytes: how long it may become before a commit of this connection makes it begin anew.
    ///   - busyTimeout_ms: what a statement of this connection waits.
    /// - Throws: `SQLiteError` where the file is no database.
    package func bind(
        _ log: SQLiteLog, to limit_bytes: Int, busyTimeout_ms: Int32
    ) throws(SQLiteError) {
        let page_bytes = Int(try integer("PRAGMA page_size"))
        unsafe state.pointee.bound = LogBound(
            limit_bytes: limit_bytes, page_bytes: page_bytes, busyTimeout_ms: busyTimeout_ms)
        unsafe state.pointee.log = log
        keepLog()
    }

    /// Leaves the log to SQLite, which has its pages written back whenever there are so many.
    package func checkpoint(every pages: Int32) { unsafe sqlite3_wal_autocheckpoint(handle, pages) }

    /// Keeps the log as it was told to, where it was.
    package func keepLog() {
        guard unsafe state.pointee.log != nil else {
            return checkpoint(every: SQLiteLog.autocheckpoint_pages)
        }
        unsafe sqlite3_wal_hook(
            handle,
            { context, handle, _, frames in
                guard let context = unsafe context, let handle = unsafe handle else { return SQLITE_OK }
                let state = unsafe context.assumingMemoryBound(to: State.self)
                if let log = unsafe state.pointee.log,
                    unsafe log.committed(Int(frames), state.pointee.bound, on: handle)
                {
                    unsafe state.pointee.executions += 1
                }
                return SQLITE_OK
            }, state)
    }

    /// After how many pages in the log a commit has them written back; 0 for never.
    package func autocheckpoint_pages() throws(SQLiteError) -> Int64 {
        guard unsafe state.pointee.log == nil else { return Int64(SQLiteLog.autocheckpoint_pages) }
        return try integer("PRAGMA wal_autocheckpoint")
    }

    /// Begins a write transaction, taking the write lock at once, so that it never fails half-way for want of
    /// it.
    package func beginWriting() throws(SQLiteError) {
        try execute("BEGIN IMMEDIATE")
    }

    /// Ends the transaction: commits a success, rolls a failure back, and hands either on.
    package func end<Value>(_ result: Result<Value, any Error>) throws -> Value {
        do {
            let value = try result.get()
            try execute("COMMIT")
            return value
        } catch {
            // A failed COMMIT or a full disk may have rolled back already, which is as good.
            try? execute("ROLLBACK")
            throw error
        }
    }
}

/// The beginning of a statement, enough to know it by.
private func summary(_ sql: String) -> String {
    let words = sql.split { $0.isWhitespace }
    return "\"\(words.prefix(4).joined(separator: " "))\(words.count > 4 ? " …" : "")\""
}

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

/// The library that runs.
package enum SQLiteVersion {
    package static var running: String { unsafe String(cString: sqlite3_libversion()) }

    /// The options it was compiled with, without their prefix `SQLITE_` (https://sqlite.org/compile.html).
    package static var compileOptions: [String] {
        var options: [String] = []
        while let option = unsafe sqlite3_compileoption_get(Int32(options.count)) {
            unsafe options.append(String(cString: option))
        }
        return options
    }
}
