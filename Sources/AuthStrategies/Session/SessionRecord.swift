import AuthCore
import Backends

/// What a store holds for one session, beside the hash of its identifier.
public struct SessionRecord: Equatable, Sendable {
    public var subject: Subject
    public var createdAt: Instant
    public var lastSeen: Instant
    /// Pushed by touching.
    public var idleExpiry: Instant
    /// Never pushed.
    public var absoluteExpiry: Instant

    public init(
        subject: Subject, createdAt: Instant, lastSeen: Instant, idleExpiry: Instant, absoluteExpiry: Instant
    ) {
        self.subject = subject
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.idleExpiry = idleExpiry
        self.absoluteExpiry = absoluteExpiry
    }

    /// A session that begins now.
    init(_ subject: Subject, at now: Instant, lifetimes: Lifetimes) {
        self.subject = subject
        createdAt = now
        lastSeen = now
        absoluteExpiry = now.advanced(byMilliseconds: lifetimes.absolute_ms)
        idleExpiry = now
        touch(at: now, lifetimes: lifetimes)
    }

    /// Both limits are enforced on reading, whether or not anything ever sweeps the store.
    public func isExpired(at now: Instant) -> Bool {
        now >= idleExpiry || now >= absoluteExpiry
    }

    /// As a list of a user's sessions shows it.
    public var summary: SessionSummary {
        SessionSummary(
            createdAt: createdAt, lastSeen: lastSeen, expiry: min(idleExpiry, absoluteExpiry))
    }

    /// Pushes the idle expiry; a clock that is behind another server's takes nothing back.
    mutating func touch(at now: Instant, lifetimes: Lifetimes) {
        lastSeen = max(lastSeen, now)
        idleExpiry = max(idleExpiry, min(absoluteExpiry, now.advanced(byMilliseconds: lifetimes.idle_ms)))
    }
}

/// The SHA-256 of a session's token, as a key: it is as good as random, so that any word of it is its hash.
struct SessionName: Hashable {
    let words: (UInt64, UInt64, UInt64, UInt64)

    init(_ digest: Digest) {
        let bytes = digest.span
        words = (
            bytes.littleEndian(at: 0), bytes.littleEndian(at: 8), bytes.littleEndian(at: 16),
            bytes.littleEndian(at: 24)
        )
    }

    static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.1) }
}

/// A session record as the value of one Redis key: five little-endian integers of 8 bytes, then what the
/// application keeps with each session, then the granted scope.
enum SessionRecordCoding {
    static let integers_bytes = 40
    /// What stands in a session's place for a while after a renewal: this, and the 32 bytes of its new name.
    private static let moved = Array("moved:".utf8)

    /// The first 8 bytes of a user's records, which also name the index of the user's sessions.
    static func user(_ subject: Subject) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(subject.id, count: 8)
        return bytes
    }

    static func encode(_ record: SessionRecord, data: [UInt8] = [], scope: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(integers_bytes + data.count + scope.count)
        bytes.append(record.subject.id, count: 8)
        for instant in [record.createdAt, record.lastSeen, record.idleExpiry, record.absoluteExpiry] {
            bytes.append(UInt64(bitPattern: instant.milliseconds), count: 8)
        }
        bytes.append(contentsOf: data)
        bytes.append(contentsOf: scope)
        return bytes
    }

    /// The record, or `nil` for a value that is too short to be one.
    static func decode(_ bytes: Span<UInt8>) -> SessionRecord? {
        guard bytes.count >= integers_bytes else { return nil }
        return SessionRecord(
            subject: Subject(id: bytes.littleEndian(at: 0)), createdAt: instant(bytes, 8),
            lastSeen: instant(bytes, 16),
            idleExpiry: instant(bytes, 24), absoluteExpiry: instant(bytes, 32))
    }

    /// Whether a value only says under which name the session goes on.
    static func isMoved(_ bytes: Span<UInt8>) -> Bool {
        bytes.count == moved.count + 32 && bytes.extracting(first: moved.count).elementsEqual(moved.span)
    }

    private static func instant(_ bytes: Span<UInt8>, _ offset: Int) -> Instant {
        Instant(milliseconds: Int64(bitPattern: bytes.littleEndian(at: offset)))
    }
}

/// What an application keeps with each session, such as a basket: bytes that a store holds and hands over unread.
public struct SessionData {
    /// The data of the session that was read last, as the application gets them.
    public private(set) var last: [UInt8] = []
    private var made: [UInt8]

    /// - Parameter count: how many bytes a session has.
    public init(count: Int) {
        var random = RandomSource(seed: UInt64(count))
        made = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    public var count: Int { made.count }

    /// The data with which a user's session begins; those of two users differ in the first bytes.
    public mutating func make(for subject: Subject) -> [UInt8] {
        for index in 0..<min(8, made.count) {
            made[index] = UInt8(truncatingIfNeeded: subject.id >> UInt64(8 * index))
        }
        return made
    }

    /// Keeps what a store handed over.
    public mutating func take(_ bytes: Span<UInt8>) { ByteCopy.copy(bytes, into: &last) }
}
