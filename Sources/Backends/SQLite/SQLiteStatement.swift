import CAuthBenchSQLite

/// A compiled statement with the bytes of its parameters, to be run again and again.
///
/// Bound bytes are copied into storage of the statement's own, which lives as long as it does: SQLite need
/// neither copy them again nor be told when they go.
@safe package struct SQLiteStatement: ~Copyable {
    private let handle: OpaquePointer
    private let storage: UnsafeMutableBufferPointer<UInt8>
    private let parameter_bytes: Int

    @unsafe init(_ handle: OpaquePointer, parameter_bytes: Int) {
        self.parameter_bytes = parameter_bytes
        unsafe self.handle = handle
        let parameters = unsafe Int(sqlite3_bind_parameter_count(handle))
        unsafe storage = .allocate(capacity: parameters * parameter_bytes)
        unsafe storage.initialize(repeating: 0)
    }

    deinit {
        unsafe sqlite3_finalize(handle)
        unsafe storage.deallocate()
    }

    // MARK: Parameters, counted from 1

    package mutating func bind(_ value: Int64, at index: Int32) throws(SQLiteError) {
        try unsafe check(sqlite3_bind_int64(handle, index, value), "bind a number")
    }

    package mutating func bind(blob bytes: Span<UInt8>, at index: Int32) throws(SQLiteError) {
        let copy = try unsafe stored(bytes, at: index)
        try unsafe check(sqlite3_bind_blob(handle, index, copy, Int32(bytes.count), nil), "bind bytes")
    }

    package mutating func bind(text bytes: Span<UInt8>, at index: Int32) throws(SQLiteError) {
        let copy = try unsafe stored(bytes, at: index)
        try unsafe check(
            sqlite3_bind_text(
                handle, index, UnsafeRawPointer(copy).assumingMemoryBound(to: CChar.self),
                Int32(bytes.count), nil), "bind a text")
    }

    private func stored(_ bytes: Span<UInt8>, at index: Int32) throws(SQLiteError) -> UnsafePointer<UInt8> {
        let start = (Int(index) - 1) * parameter_bytes
        guard bytes.count <= parameter_bytes, unsafe 0..<storage.count ~= start,
            let base = unsafe storage.baseAddress
        else {
            throw SQLiteError(
                operation: "bind \(bytes.count) bytes as parameter \(index)", code: SQLITE_RANGE,
                message: "no such parameter, or more than \(parameter_bytes) bytes")
        }
        let place = unsafe base + start
        for offset in bytes.indices { unsafe place[offset] = bytes[offset] }
        return unsafe UnsafePointer(place)
    }

    // MARK: Running

    /// Goes on to the next row; at the end the statement is reset, ready to be bound and run again.
    package mutating func step() throws(SQLiteError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            reset()
            return false
        case let code:
            let error = unsafe SQLiteError("run a statement", code: code, on: sqlite3_db_handle(handle))
            reset()
            throw error
        }
    }

    /// Runs a statement that gives no rows.
    package mutating func run() throws(SQLiteError) {
        while try step() {}
    }

    /// Ends a statement before its last row, which also ends its read transaction.
    package mutating func reset() {
        // The code repeats the error of the last step, which has been reported already.
        _ = unsafe sqlite3_reset(handle)
    }

    // MARK: Columns of the current row, counted from 0

    package func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    /// The bytes of a blob or text column, copied.
    package func bytes(_ column: Int32) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        let count = unsafe Int(sqlite3_column_bytes(handle, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Hands over the bytes of a blob or text column where they lie.
    package func withBytes<Result>(_ column: Int32, _ body: (Span<UInt8>) -> Result) -> Result {
        let start = unsafe sqlite3_column_blob(handle, column)
        let count = unsafe start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))
        let bytes = unsafe UnsafeBufferPointer(
            start: start?.assumingMemoryBound(to: UInt8.self), count: count)
        return unsafe body(Span(_unsafeElements: bytes))
    }

    private func check(_ code: Int32, _ operation: String) throws(SQLiteError) {
        guard code == SQLITE_OK else {
            throw unsafe SQLiteError(operation, code: code, on: sqlite3_db_handle(handle))
        }
    }
}
