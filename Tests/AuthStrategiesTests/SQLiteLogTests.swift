import AuthCore
import AuthStrategies
import Backends
import Dispatch
import Foundation
import Synchronization
import TestStores
import Testing

@Suite("SQLite's write-ahead log")
struct SQLiteLogTests {
    private static let limit_bytes: Int64 = 1 << 20

    /// Lets clients sign in, read and renew without pause, each on a thread of its own.
    private func drive<S: AuthStrategy & ~Copyable>(_: S.Type, in environment: Environment) throws {
        let shared = try S.prepare(in: environment)
        let group = DispatchGroup()
        let failures = Mutex<[any Error]>([])
        for client in 0..<8 {
            DispatchQueue(label: "client.\(client)").async(group: group) {
                do {
                    var strategy = try S(sharing: shared)
                    let subject = Subject(id: UInt64(client + 1))
                    for round in 0..<150 {
                        var credential = try strategy.login(subject, at: .start)
                        for _ in 0..<20 {
                            _ = try strategy.authenticate(credential, at: .start + Int64(round))
                        }
                        if case .renewed(let fresh) = try strategy.renew(credential, at: .start + 1) {
                            credential = fresh
                        }
                    }
                } catch { failures.withLock { $0.append(error) } }
            }
        }
        group.wait()
        if let failure = failures.withLock({ $0.first }) { throw failure }
    }

    // The log of a strategy's file after the clients are done. Without a limit where it begins anew, a reader that
    // stays keeps all that is written in it.
    private func logged(_ id: String, in stores: borrowing TestStores, limit_bytes: Int64?) throws
        -> SQLiteLog
    {
        var environment = stores.environment
        environment.sqlite.logLimit_bytes = limit_bytes ?? 1 << 40
        // The last connection to go takes the log with it.
        let witness = try SQLiteConnection(path: environment.sqlite.path)
        try witness.execute("PRAGMA journal_mode = WAL; SELECT count(*) FROM sqlite_schema")
        if limit_bytes == nil { try witness.execute("BEGIN; SELECT count(*) FROM sqlite_schema") }
        for strategy in builtinStrategies where strategy.descriptor.id == id {
            try drive(strategy, in: environment)
        }
        let log = SQLiteLog.of(environment.sqlite.path)
        let wal = environment.sqlite.path + "-wal"
        let attributes = try FileManager.default.attributesOfItem(atPath: wal)
        let size_bytes = try #require(attributes[.size] as? Int)
        #expect(1...log.peak_bytes ~= size_bytes, "the file is as long as the hook has seen it, at most")
        return log
    }

    /// How far it goes beyond the limit is what others write while one client waits: a matter of the processor.
    @Test("stays near its limit while clients read and write", arguments: ["sqlite-session", "hybrid"])
    func bounded(id: String) throws {
        let log = try logged(id, in: TestStores(), limit_bytes: Self.limit_bytes)
        let whole = try logged(id, in: TestStores(), limit_bytes: nil)
        #expect(whole.restarts == 0)
        #expect(log.restarts > 1, "2400 commits take more than the limit several times over")
        #expect(log.peak_bytes >= Self.limit_bytes)
        #expect(log.peak_bytes < whole.peak_bytes / 3, "\(log.peak_bytes) of \(whole.peak_bytes) bytes")
    }
}
