import AuthCore
import Backends

/// What one client knows of a list.
struct KnownList {
    /// Every name; `nil` where a filter alone stands for them.
    private var ended: Set<TokenName>?
    /// Most tokens are in none, which is told in the time of one look into memory.
    private var filters = [SplitBlockFilter(blocks: 1024)]
    private var generations: [UInt64: Int64] = [:]

    /// - Parameter isFiltered: whether a filter alone stands for the names.
    init(isFiltered: Bool) { ended = isFiltered ? nil : [] }

    @inline(__always)
    func isGood(_ entry: TokenEntry) -> Bool {
        guard isCurrent(entry) else { return false }
        let hash = entry.name.hash
        for filter in filters where filter.contains(hash) { return isUnlisted(entry.name) }
        return true
    }

    private func isUnlisted(_ name: TokenName) -> Bool {
        ended.map { !$0.contains(name) } ?? false
    }

    /// Whether a token that is held for ended may be none: a filter also takes some names for its own that are not.
    func mayErr(_ entry: TokenEntry) -> Bool { ended == nil && isCurrent(entry) }

    private func isCurrent(_ entry: TokenEntry) -> Bool {
        generations.isEmpty || entry.generation >= generations[entry.subject.id] ?? 0
    }

    mutating func end(_ name: TokenName) {
        ended?.insert(name)
        let hash = name.hash
        // What is there already would only fill it.
        guard !filters.contains(where: { $0.contains(hash) }) else { return }
        if filters[filters.count - 1].isFull { grow() }
        filters[filters.count - 1].insert(hash)
    }

    /// Without the names there can only be one more, of twice the size; with them, one of those that are left.
    private mutating func grow() {
        guard let ended else {
            return filters.append(SplitBlockFilter(blocks: 2 * filters[filters.count - 1].blocks))
        }
        var filter = SplitBlockFilter(blocks: max(1024, ended.count / 8))
        for name in ended { filter.insert(name.hash) }
        filters = [filter]
    }

    mutating func note(_ generation: Int64, of subject: Subject) {
        generations[subject.id] = max(generations[subject.id] ?? 0, generation)
    }

    /// Takes up a message: the 32 bytes of a token's name, or a user and a generation in 8 bytes each; behind a name
    /// there may be those of tokens that have expired.
    mutating func note(_ text: Span<UInt8>) throws {
        switch text.count {
        case 16:
            note(
                Int64(bitPattern: text.littleEndian(at: 8)), of: Subject(id: text.littleEndian(at: 0)))
        case let count where count >= 32 && count % 32 == 0:
            end(TokenName(stored: text.extracting(first: 32)))
            // A filter lets nothing go.
            for start in stride(from: 32, to: count, by: 32) {
                ended?.remove(TokenName(stored: text.extracting(start..<(start + 32))))
            }
        default: throw DamagedStoreError(table: "Redis", "a message of \(text.count) bytes")
        }
    }

    mutating func addTokens(_ elements: [[UInt8]]) throws {
        for index in stride(from: 0, to: elements.count, by: 2) {
            let name = elements[index]
            guard name.count == 32 else {
                throw DamagedStoreError(table: "Redis", "a token's name of \(name.count) bytes")
            }
            end(TokenName(stored: name.span))
        }
    }

    mutating func addGenerations(_ elements: [[UInt8]]) throws {
        for index in stride(from: 0, to: elements.count - 1, by: 2) {
            let user = elements[index]
            guard user.count == 8 else {
                throw DamagedStoreError(table: "Redis", "a user of \(user.count) bytes")
            }
            let id = user.span.littleEndian(at: 0)
            note(try Self.number(elements[index + 1]), of: Subject(id: id))
        }
    }

    static func number(_ text: [UInt8]?) throws -> Int64 {
        guard let text else { return 0 }
        guard let number = Int64(String(decoding: text, as: UTF8.self)) else {
            throw DamagedStoreError(table: "Redis", "a generation that is no number")
        }
        return number
    }
}

/// A Bloom filter in which each name has its bits in one block of 32 bytes, so that a look touches one cache line: eight words, a
/// bit in each (Putze, Sanders and Singler 2007; the constants are those of Apache Parquet).
///
/// With 16 bits for each name it takes about one strange name in 800 for its own.
struct SplitBlockFilter {
    private var words: [UInt32]
    private var count = 0
    let blocks: Int

    init(blocks: Int) {
        self.blocks = blocks
        words = Array(repeating: 0, count: 8 * blocks)
    }

    /// 16 bits for each name.
    var isFull: Bool { count >= 16 * blocks }

    private static let salts: InlineArray<8, UInt32> = [
        0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947,
        0x5C6B_FB31,
    ]

    /// Where the block of a hash begins, by its upper half; its bits come from the lower one.
    private func start(_ hash: UInt64) -> Int {
        8 * Int(truncatingIfNeeded: (hash >> 32 &* UInt64(blocks)) >> 32)
    }

    private static func bit(_ hash: UInt64, _ word: Int) -> UInt32 {
        1 << ((UInt32(truncatingIfNeeded: hash) &* salts[word]) >> 27)
    }

    mutating func insert(_ hash: UInt64) {
        let start = start(hash)
        for word in 0..<8 { words[start + word] |= Self.bit(hash, word) }
        count += 1
    }

    func contains(_ hash: UInt64) -> Bool {
        let start = start(hash)
        for word in 0..<8 where words[start + word] & Self.bit(hash, word) == 0 { return false }
        return true
    }
}

extension TokenName {
    /// All of the name mixed into 64 bits, whatever somebody took for a `jti`.
    var hash: UInt64 {
        let words = words
        var mixed = words.0 &* 0x9E37_79B9_7F4A_7C15 ^ words.1 &* 0xC2B2_AE3D_27D4_EB4F
        mixed ^= words.2 &* 0x1656_67B1_9E37_79F9 ^ words.3
        mixed = (mixed ^ mixed >> 32) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 32
    }
}
