import Foundation
import Glibc

/// What a process says of where it is: the number of a meeting, or how it ended.
enum RendezvousPlace {
    static let done = "done"
    private static let (endedWord, lostWord) = ("ended ", "lost ")

    static func end(_ reason: String) -> String { endedWord + reason }
    /// For whoever ends because of another process: all then name that one.
    static func passOn(_ reason: String) -> String { lostWord + reason }

    static func ended(_ place: String) -> String? { rest(place, after: endedWord) }
    static func passedOn(_ place: String) -> String? { rest(place, after: lostWord) }

    private static func rest(_ place: String, after word: String) -> String? {
        place.hasPrefix(word) ? String(place.dropFirst(word.count)) : nil
    }
}

/// The keys of a meeting: all under its name, each with an expiry.
struct RendezvousKeys {
    /// How long what is not renewed stays, in ms.
    static let keep = "60000"

    let base: String
    let run: String

    init(_ name: String, run id: String) {
        base = "authbench:rendezvous:\(name)"
        run = "\(base):\(id)"
    }

    /// Held by the first process while it gathers the others.
    var lead: String { base + ":lead" }
    /// Where the others say that they are there.
    var lobby: String { base + ":lobby" }
    func answer(_ nonce: String) -> String { "\(base):answer:\(nonce)" }
    func alive(_ shard: Int) -> String { "\(run):alive:\(shard)" }
    var places: String { run + ":places" }
    var left: String { run + ":left" }
    func coming(_ number: Int) -> String { "\(run):coming:\(number)" }
    func going(_ number: Int) -> String { "\(run):going:\(number)" }

    func giveSign(
        _ settings: RedisRendezvous.Settings, over line: inout RedisConnection
    ) throws(RedisError) {
        try line.send(
            RedisCommand("SET", alive(settings.index), "alive", "PX", String(settings.silence_ms)))
        // A long repeat must not let it expire.
        try line.send(RedisCommand("PEXPIRE", places, Self.keep))
        for _ in 0..<2 { _ = try line.receive() }
    }

    /// Whether each process has given a sign of life lately.
    func alive(_ count: Int, over line: inout RedisConnection) throws(RedisError) -> [Bool] {
        var command = RedisCommand()
        command.begin(arguments: count + 1)
        command.append("MGET")
        for shard in 1...count { command.append(Array(alive(shard).utf8)) }
        let signs = try line.execute(command).elements ?? []
        return (0..<count).map { $0 < signs.count && !signs[$0].isEmpty }
    }

    /// Where each process is that has said so.
    func places(over line: inout RedisConnection) throws(RedisError) -> [Int: String] {
        let pairs = try line.execute(RedisCommand("HGETALL", places)).elements ?? []
        var found: [Int: String] = [:]
        for at in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard let shard = Int(String(decoding: pairs[at], as: UTF8.self)) else { continue }
            found[shard] = String(decoding: pairs[at + 1], as: UTF8.self)
        }
        return found
    }

    func leave(
        _ settings: RedisRendezvous.Settings, _ place: String, over line: inout RedisConnection
    ) throws(RedisError) {
        _ = try line.execute(RedisCommand("HSET", places, String(settings.index), place))
        _ = try line.execute(RedisCommand("PEXPIRE", places, Self.keep))
        _ = try line.execute(RedisCommand("UNLINK", alive(settings.index)))
        let gone = try line.execute(RedisCommand("INCR", left)).integer ?? 0
        _ = try line.execute(RedisCommand("PEXPIRE", left, Self.keep))
        if gone == settings.count { _ = try line.execute(RedisCommand("UNLINK", left, places)) }
    }
}

/// How a process finds the others of its run.
struct RendezvousJoining {
    private let settings: RedisRendezvous.Settings
    private let isStopped: @Sendable () -> Bool
    private let limit_ns: UInt64
    /// Those that came with another plan.
    private var strangers: Set<Int> = []

    init(_ settings: RedisRendezvous.Settings, _ isStopped: @escaping @Sendable () -> Bool) {
        (self.settings, self.isStopped) = (settings, isStopped)
        limit_ns = RedisRendezvous.now_ns + UInt64(settings.patience_s * 1e9)
    }

    /// - Returns: the identifier of the meeting.
    mutating func join(over line: inout RedisConnection) throws -> String {
        let own = UUID().uuidString.prefix(13).lowercased()
        guard settings.index > 1 else {
            let keys = RendezvousKeys(settings.name, run: own)
            do { try lead(keys, own, over: &line) } catch let error as RendezvousError {
                try? keys.leave(settings, RendezvousPlace.passOn(error.description), over: &line)
                throw error
            }
            return own
        }
        let id = try follow(RendezvousKeys(settings.name, run: ""), own, over: &line)
        let keys = RendezvousKeys(settings.name, run: id)
        let sign = RedisCommand(
            "SET", keys.alive(settings.index), "alive", "NX", "PX", String(settings.silence_ms))
        // One that was killed and started again has left a sign of life for a while.
        let patience_ns = RedisRendezvous.now_ns + UInt64(settings.silence_ms) * 1_500_000
        while try line.execute(sign).isNil {
            try goOn()
            guard RedisRendezvous.now_ns < patience_ns else { throw RendezvousError.twice(settings) }
            usleep(100_000)
        }
        return id
    }

    private func goOn() throws {
        if isStopped() { throw RendezvousError.stopped }
    }

    /// Gathers the others: tells each that comes with the same plan which meeting it is.
    private mutating func lead(_ keys: RendezvousKeys, _ id: String, over line: inout RedisConnection) throws
    {
        let silence = String(settings.silence_ms)
        let patience_ns = RedisRendezvous.now_ns + UInt64(settings.silence_ms) * 1_500_000
        while try line.execute(RedisCommand("SET", keys.lead, id, "NX", "PX", silence)).isNil {
            try goOn()
            guard RedisRendezvous.now_ns < patience_ns else { throw RendezvousError.twice(settings) }
            usleep(100_000)
        }
        while true {
            _ = try line.execute(RedisCommand("PEXPIRE", keys.lead, silence))
            try keys.giveSign(settings, over: &line)
            let alive = try keys.alive(settings.count, over: &line)
            let missing = (1...settings.count).filter { $0 != 1 && !alive[$0 - 1] }
            if missing.isEmpty { break }
            do { try goOn() } catch {
                _ = try line.execute(RedisCommand("UNLINK", keys.lead))
                throw error
            }
            guard RedisRendezvous.now_ns < limit_ns else {
                _ = try line.execute(RedisCommand("UNLINK", keys.lead))
                if let stranger = missing.first(where: strangers.contains) {
                    throw RendezvousError.unlike(stranger, of: settings.count)
                }
                throw RendezvousError.late(missing, of: settings.count, "did not come", settings.patience_s)
            }
            guard let words = try line.execute(RedisCommand("BLPOP", keys.lobby, "0.2")).elements,
                words.count == 2
            else { continue }
            let word = String(decoding: words[1], as: UTF8.self).split(separator: " ").map(String.init)
            guard word.count == 3, let shard = Int(word[0]) else { continue }
            let isLike = word[2] == settings.plan
            if !isLike { strangers.insert(shard) }
            let answer = keys.answer(word[1])
            _ = try line.execute(RedisCommand("RPUSH", answer, isLike ? id : "another"))
            _ = try line.execute(RedisCommand("PEXPIRE", answer, RendezvousKeys.keep))
        }
        _ = try line.execute(RedisCommand("UNLINK", keys.lead))
    }

    /// Says that this process is there, and waits to be told which meeting it is.
    private func follow(_ keys: RendezvousKeys, _ nonce: String, over line: inout RedisConnection) throws
        -> String
    {
        let word = "\(settings.index) \(nonce) \(settings.plan)"
        _ = try line.execute(RedisCommand("RPUSH", keys.lobby, word))
        let keep = String(Int(settings.patience_s * 1000) + 10_000)
        _ = try line.execute(RedisCommand("PEXPIRE", keys.lobby, keep))
        while true {
            let answer = try line.execute(RedisCommand("BLPOP", keys.answer(nonce), "0.2")).elements
            if let answer, answer.count == 2 {
                let id = String(decoding: answer[1], as: UTF8.self)
                guard id != "another" else { throw RendezvousError.unlike(1, of: settings.count) }
                return id
            }
            do {
                try goOn()
                guard RedisRendezvous.now_ns < limit_ns else {
                    throw RendezvousError.late([1], of: settings.count, "did not come", settings.patience_s)
                }
            } catch {
                _ = try line.execute(RedisCommand("LREM", keys.lobby, "1", word))
                throw error
            }
        }
    }
}

/// Why the processes of a run do not begin a repeat together.
package struct RendezvousError: Error, CustomStringConvertible {
    package enum Kind: Sendable {
        /// One did not come in time.
        case late
        /// One was there, and is no more.
        case lost
        /// One does something else, or is there twice.
        case unlike
        case stopped
    }

    package var kind: Kind
    package var description: String

    init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }

    static let stopped = Self(.stopped, "stopped by a signal")

    static func late(_ missing: [Int], of count: Int, _ what: String, _ patience_s: Double) -> Self {
        let names = missing.map(String.init).joined(separator: ", ")
        return Self(
            .late,
            "\(missing.count == 1 ? "shard" : "shards") \(names) of \(count) \(what) within"
                + " \(patience_s == patience_s.rounded() ? String(Int(patience_s)) : String(patience_s)) s")
    }

    static func unlike(_ shard: Int, of count: Int) -> Self {
        Self(
            .unlike,
            "shard \(shard) of \(count) has another plan: give all shards the same command, but for --shard")
    }

    static func twice(_ settings: RedisRendezvous.Settings) -> Self {
        Self(
            .unlike,
            "shard \(settings.index) of \(settings.count) is there twice: give each run a --rendezvous-name of its own"
        )
    }
}
