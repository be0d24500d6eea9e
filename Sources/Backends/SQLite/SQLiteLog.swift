import CAuthBenchSQLite
import Synchronization

/// The write-ahead log of one database file, kept below a limit by the connection that takes it past.
///
/// SQLite's own checkpoint waits for nobody, and the log begins anew only when no reader looks at it just then. Under
/// requests without pause that never happens, and the log grows without bound (https://sqlite.org/wal.html#ckpt,
/// "checkpoint starvation"). So beyond the limit one client lets the readers finish, as a careful server does.
package final class SQLiteLog: Sendable {
    /// SQLite's own default: 4 MiB of its usual pages.
    package static let autocheckpoint_pages: Int32 = 1000
    /// How long a client waits for the writer, and then for readers while no other client can write.
    ///
    /// Requests read for some microseconds. A reader that takes longer is another program, and must not make the
    /// writes of others fail, which wait for five seconds.
    private static let patience_ms: Int32 = 100

    private static let all = Mutex<[String: SQLiteLog]>([:])

    /// The log of a file: one for all connections of this process.
    package static func of(_ path: String) -> SQLiteLog {
        all.withLock { logs in
            if let log = logs[path] { return log }
            let log = SQLiteLog()
            logs[path] = log
            return log
        }
    }

    private let longest_bytes = Atomic<Int>(0)
    private let count = Atomic<Int>(0)
    private let isInWork = Atomic<Bool>(false)

    /// The longest that the log has been after a commit, those of bulk loads left out; 0 before the first.
    package var peak_bytes: Int { longest_bytes.load(ordering: .relaxed) }

    /// How often it has been made to begin anew because it was past its limit.
    package var restarts: Int { count.load(ordering: .relaxed) }

    /// Checkpoints where that is due.
    ///
    /// - Returns: whether this call ran the checkpoint that waits.
    func committed(_ frames: Int, _ bound: SQLiteConnection.LogBound, on handle: OpaquePointer) -> Bool {
        let bytes = bound.bytes(frames)
        longest_bytes.max(bytes, ordering: .relaxed)
        guard bytes > bound.limit_bytes else {
            // As SQLite does by itself; what it says is nobody's business there either.
            if frames >= Self.autocheckpoint_pages { _ = unsafe sqlite3_wal_checkpoint(handle, nil) }
            return false
        }
        guard !isInWork.exchange(true, ordering: .acquiring) else { return false }
        defer { isInWork.store(false, ordering: .releasing) }
        unsafe sqlite3_busy_timeout(handle, Self.patience_ms)
        defer { unsafe sqlite3_busy_timeout(handle, bound.busyTimeout_ms) }
        // The file stays, to be written over: making it anew costs more. The commit has succeeded whatever this says;
        // where it was busy, the next commit past the limit tries again.
        if unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_RESTART, nil, nil) == SQLITE_OK {
            count.add(1, ordering: .relaxed)
        }
        return true
    }
}

extension SQLiteConnection {
    /// How long the log of a connection's file may become.
    struct LogBound {
        var limit_bytes: Int
        var page_bytes: Int
        var busyTimeout_ms: Int32

        /// What so many pages take (https://sqlite.org/fileformat2.html#walformat).
        func bytes(_ frames: Int) -> Int { 32 + frames * (page_bytes + 24) }
    }

    /// What the hook after a commit needs, at an address of its own.
    struct State {
        /// How many times a statement was executed or a checkpoint waited.
        var executions = 0
        var log: SQLiteLog?
        var bound = LogBound(limit_bytes: .max, page_bytes: 4096, busyTimeout_ms: 0)
    }
}
