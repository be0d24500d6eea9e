import AuthCore

/// A session record as the value of one Redis key: five little-endian integers of 8 bytes, then what the
/// application keeps with each session, then the granted scope.
enum SessionRecordCoding {
    static let integers_bytes = 40
    /// What stands in a session's place for a while after a renewal: this, and the 32 bytes of its new name.
    private static let moved = Array("moved:".utf8)

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
