import AuthCore
import Backends
import Glibc
import Synchronization

/// Whose credentials are whose, and what a server has set in the place of some.
final class TargetOwners: Sendable {
    /// In parts, each with a lock of its own: with a single one, 32 clients of an open route took three times as much processor time.
    private final class Part: Sendable {
        let owners = Mutex<[Int: [Owned]]>([:])
    }
    /// A line and its owner, among those that have the same end.
    private struct Owned {
        let line: [UInt8]
        let owner: UInt64
    }
    private let parts = (0..<256).map { _ in Part() }
    private let changes = Mutex<[Int: [UInt8]]>([:])
    private let onTheWay = Mutex<Set<Int>>([])
    /// Most servers change nothing, and then nobody looks it up.
    private let hasChanges = Atomic<Bool>(false)

    func note(_ credential: Credential, _ subject: Subject) {
        let line = credential.headerLine
        let key = Self.endKey(line.span)
        part(of: key).owners.withLock { owners in
            owners[key, default: []].removeAll { $0.line == line }
            owners[key, default: []].append(Owned(line: line, owner: subject.id))
        }
    }

    func forget(_ credential: Credential) {
        let line = credential.headerLine
        let key = Self.endKey(line.span)
        part(of: key).owners.withLock { owners in
            owners[key]?.removeAll { $0.line == line }
            if owners[key]?.isEmpty == true { owners[key] = nil }
        }
    }

    /// The owner of a credential; nobody, as user 0, where it was never issued here.
    func owner(of line: Span<UInt8>) -> Subject {
        let key = Self.endKey(line)
        return Subject(
            id: part(of: key).owners.withLock { owners in
                guard let found = owners[key] else { return 0 }
                for owned in found {
                    let own = owned.line
                    if ByteSearch.areEqual(own.span, line) { return owned.owner }
                }
                return 0
            })
    }

    /// Waits while another request of a credential is on its way, where the server changes credentials: it would show what works
    /// no more when it arrives.
    func begin(_ line: Span<UInt8>) -> Int? {
        guard hasChanges.load(ordering: .relaxed) else { return nil }
        let key = Self.key(line)
        while !onTheWay.withLock({ $0.insert(key).inserted }) { sched_yield() }
        return key
    }

    func end(_ turn: Int?) {
        if let turn { onTheWay.withLock { _ = $0.remove(turn) } }
    }

    /// What a credential has become; `nil` where it is as it was issued.
    func changed(_ line: Span<UInt8>) -> [UInt8]? {
        guard hasChanges.load(ordering: .relaxed) else { return nil }
        let key = Self.key(line)
        return changes.withLock { $0[key] }
    }

    /// Notes a change, by the line that was issued.
    func note(change fresh: [UInt8], of line: Span<UInt8>) {
        let isSame = fresh.count == line.count && line.indices.allSatisfy { line[$0] == fresh[$0] }
        guard !isSame || hasChanges.load(ordering: .relaxed) else { return }
        let key = Self.key(line)
        changes.withLock { $0[key] = isSame ? nil : fresh }
        hasChanges.store(true, ordering: .relaxed)
    }

    private func part(of key: Int) -> Part { parts[Int(UInt(bitPattern: key) % UInt(parts.count))] }

    /// Of the end of a line, where signatures and random numbers stand: a whole token takes longer to hash than to compare.
    private static func endKey(_ line: Span<UInt8>) -> Int { key(line.extracting(last: 32)) }

    /// Two lines have the same key once in 2^64 pairs.
    private static func key(_ line: Span<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(line)
        return hasher.finalize()
    }
}
