import AuthCore
import Synchronization

/// Whose credentials are whose, for a server that does not say in its answers whose request it was.
final class TargetOwners: Sendable {
    private let all = Mutex<[Int: UInt64]>([:])

    func note(_ credential: Credential, _ subject: Subject) {
        let line = credential.headerLine
        let key = Self.key(line.span)
        all.withLock { $0[key] = subject.id }
    }

    func forget(_ credential: Credential) {
        let line = credential.headerLine
        let key = Self.key(line.span)
        all.withLock { _ = $0.removeValue(forKey: key) }
    }

    /// The owner of a credential; nobody, as user 0, where it was never issued here.
    func owner(of line: Span<UInt8>) -> Subject {
        let key = Self.key(line)
        return Subject(id: all.withLock { $0[key] } ?? 0)
    }

    /// Two lines have the same key once in 2^64 pairs.
    private static func key(_ line: Span<UInt8>) -> Int {
        var hasher = Hasher()
        for index in line.indices { hasher.combine(line[index]) }
        return hasher.finalize()
    }
}
