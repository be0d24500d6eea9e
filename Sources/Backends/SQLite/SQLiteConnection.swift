import CSQLite

/// One connection to a database file; one per client, never shared between threads.
@safe package struct SQLiteConnection: ~Copyable {
    private let handle: OpaquePointer
    /// How many times `execute` ran; on the heap, because running a statement changes no connection.
    private let executions: UnsafeMutablePointer<Int>

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
        unsafe executions = .allocate(capacity: 1)
        unsafe executions.initialize(to: 0)
    }

    /// Statements may outlive the connection for a moment: `sqlite3_close_v2` waits for them.
    deinit {
        unsafe sqlite3_close_v2(handle)
        unsafe executions.deallocate()
    }

    /// Runs statements whose rows nobody wants.
    package func execute(_ sql: String) throws(SQLiteError) {
        unsafe executions.pointee += 1
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
    package func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement = unsafe statement else {
            throw unsafe SQLiteError("prepare \(summary(sql))", code: code, on: handle)
        }
        return unsafe SQLiteStatement(statement)
    }

    /// How many statements have run, by `execute` and those prepared that still exist (SQLITE_STMTSTATUS_RUN).
    package var statementsRun: Int {
        var count = unsafe executions.pointee
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
