import Backends
import Foundation
import Synchronization

/// What a run has made outside its result and must take away again, noted as it comes into being: another
/// thread can clear it when the run itself hangs.
final class Leftovers: Sendable {
    struct Things: Sendable {
        var serverID: Int32?
        /// The process in which `conform` tries a strategy.
        var trialID: Int32?
        var temporary: TemporaryFolder?
        /// A database of the user's that was not there, or empty.
        var newDatabase: SQLiteClaim?
        /// What the run made of a result in which nothing has been measured yet.
        var emptyResult: MadeFiles?
        /// The prefix of keys on somebody else's Redis server.
        var foreignKeys: String?
    }

    private let things = Mutex(Things())

    func note(_ change: (inout Things) -> Void) { things.withLock { change(&$0) } }

    /// Clears what can be cleared without any store.
    ///
    /// - Returns: what remains, for the user.
    func clear() -> String? {
        let things = things.withLock { $0 }
        for id in [things.trialID, things.serverID].compactMap(\.self) { kill(id, SIGKILL) }
        things.temporary?.remove()
        things.emptyResult?.removeAll()
        things.newDatabase?.undo()
        return things.foreignKeys.map { "the keys under \($0) remain in Redis until they expire" }
    }
}
