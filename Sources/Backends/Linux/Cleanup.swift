import Glibc
import Synchronization

/// What a run has made outside its result and must take away again, noted as it comes into being: another
/// thread can clear it when the run itself hangs.
package final class Cleanup: Sendable {
    package struct Things: Sendable {
        package var temporaries: [TemporaryFolder] = []
        /// A database of the user's that was not there, or empty.
        package var newDatabase: SQLiteClaim?
        /// What the run made of a result in which nothing has been measured yet.
        package var emptyResult: MadeFiles?
        /// The prefix of keys on somebody else's Redis server.
        package var foreignKeys: String?
        /// A schema on somebody else's PostgreSQL server.
        package var foreignSchema: String?
        /// Says in a result that something has been measured and that the run was interrupted.
        package var markInterrupted: (@Sendable () -> Void)?
    }

    private struct State: Sendable {
        var things = Things()
        var isAbandoned = false
    }

    private let state = Mutex(State())
    private let turn = Mutex(())

    package init() {}

    package func note(_ change: (inout Things) -> Void) {
        let isAbandoned = state.withLock { state in
            if !state.isAbandoned { change(&state.things) }
            return state.isAbandoned
        }
        if isAbandoned { Self.waitForTheEnd() }
    }

    /// Clears what can be cleared without any store.
    ///
    /// - Returns: what remains, for the user.
    package func clear() -> String? {
        if state.withLock({ $0.isAbandoned }) { Self.waitForTheEnd() }
        return turn.withLock { _ in clearNow() }
    }

    private func clearNow() -> String? {
        let things = state.withLock { $0.things }
        for folder in things.temporaries { folder.remove() }
        things.emptyResult?.removeAll()
        things.newDatabase?.undo()
        let rest = [
            things.foreignKeys.map { "the keys under \($0) remain in Redis until they expire" },
            things.foreignSchema.map { "the schema \($0) remains in PostgreSQL until the next run" },
        ].compactMap(\.self)
        return rest.isEmpty ? nil : rest.joined(separator: "; ")
    }

    /// Clears up for a command that does not come to its end, with all programs that it has started.
    ///
    /// The caller ends the process afterwards. The command itself may wake up when its programs are gone: it stops
    /// where it would clear up too. When it has begun to, it gets a second for that.
    ///
    /// - Parameter endPrograms: ends the programs that the command has started.
    /// - Returns: what remains, for the user.
    package func abandon(endPrograms: () -> Void = ChildProcess.endAll) -> String? {
        state.withLock { $0.isAbandoned = true }
        endPrograms()
        state.withLock { $0.things.markInterrupted?() }
        for _ in 0..<1000 {
            if let rest = turn.withLockIfAvailable({ _ in clearNow() }) { return rest }
            usleep(1000)
        }
        return clearNow()
    }

    private static func waitForTheEnd() -> Never {
        while true { sleep(1000) }
    }
}
