import Synchronization

/// What a run has made outside its result and must take away again, noted as it comes into being: another
/// thread can clear it when the run itself hangs.
package final class Cleanup: Sendable {
    package struct Things: Sendable {
        package var temporary: TemporaryFolder?
        /// A database of the user's that was not there, or empty.
        package var newDatabase: SQLiteClaim?
        /// What the run made of a result in which nothing has been measured yet.
        package var emptyResult: MadeFiles?
        /// The prefix of keys on somebody else's Redis server.
        package var foreignKeys: String?
        /// Says in a result that something has been measured and that the run was interrupted.
        package var markInterrupted: (@Sendable () -> Void)?
    }

    private let things = Mutex(Things())

    package init() {}

    package func note(_ change: (inout Things) -> Void) { things.withLock { change(&$0) } }

    /// Clears what can be cleared without any store.
    ///
    /// - Returns: what remains, for the user.
    package func clear() -> String? {
        let things = things.withLock { $0 }
        things.temporary?.remove()
        things.emptyResult?.removeAll()
        things.newDatabase?.undo()
        return things.foreignKeys.map { "the keys under \($0) remain in Redis until they expire" }
    }

    /// Clears up for a command that does not come to its end, with all programs that it has started.
    ///
    /// - Returns: what remains, for the user.
    package func abandon() -> String? {
        ChildProcess.endAll()
        things.withLock { $0.markInterrupted }?()
        return clear()
    }
}
