import AuthCore
import Backends

/// What an application keeps with each session, such as a basket: bytes that a store holds and hands over unread.
struct SessionData {
    /// The data of the session that was read last, as the application gets them.
    private(set) var last: [UInt8] = []
    private var made: [UInt8]

    /// - Parameter count: how many bytes a session has.
    init(count: Int) {
        var random = RandomSource(seed: UInt64(count))
        made = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    var count: Int { made.count }

    /// The data with which a user's session begins; those of two users differ in the first bytes.
    mutating func make(for subject: Subject) -> [UInt8] {
        for index in 0..<min(8, made.count) {
            made[index] = UInt8(truncatingIfNeeded: subject.id >> UInt64(8 * index))
        }
        return made
    }

    /// Keeps what a store handed over.
    mutating func take(_ bytes: Span<UInt8>) { ByteCopy.copy(bytes, into: &last) }
}
