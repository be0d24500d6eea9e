import Dispatch
import Glibc
import Synchronization

/// Where the processes of one run find each other: they agree on the run, begin each repeat at one moment, and notice when one
/// of them is lost.
///
/// Every key has an expiry, so that nothing stays behind whoever is killed. The first process draws an identifier that the
/// others are told in answer to words of their own, so nothing that an earlier run left is taken for this one.
package final class RedisRendezvous: Sendable {
    /// What a process brings to the meeting.
    package struct Settings: Sendable {
        package var endpoint: RedisEndpoint
        /// By which the processes of one run know each other.
        package var name: String
        /// What this process will do, without spaces; all must have the same.
        package var plan: String
        /// Counted from 1.
        package var index: Int
        package var count: Int
        /// How long one that has not been heard of is waited for.
        package var patience_s = 30.0
        /// After so long without a sign of life a process is lost.
        package var silence_ms = 3000

        package init(endpoint: RedisEndpoint, name: String, plan: String, index: Int, count: Int) {
            (self.endpoint, self.name, self.plan) = (endpoint, name, plan)
            (self.index, self.count) = (index, count)
        }
    }

    /// Of this meeting alone.
    package let id: String
    private let settings: Settings
    private let keys: RendezvousKeys
    private let connection: Mutex<RedisConnection>
    /// For signs of life, which must not wait for anything else.
    private let pulse: Mutex<RedisConnection>
    private let isStopped: @Sendable () -> Bool
    private let onLoss: @Sendable () -> Void
    private let meetings = Atomic(0)
    private let hasLeft = Atomic(false)
    private let fault = Mutex<RendezvousError?>(nil)

    /// Waits until all processes are there, and gives signs of life from then on.
    ///
    /// - Parameters:
    ///   - settings: what this process brings.
    ///   - isStopped: whether to give up waiting.
    ///   - onLoss: called on another thread when one is lost; `loss` then says which.
    /// - Throws: `RendezvousError`, `RedisError`, or `ThreadError`.
    package init(
        _ settings: Settings, isStopped: @escaping @Sendable () -> Bool = { false },
        onLoss: @escaping @Sendable () -> Void = {}
    ) throws {
        var joining = RendezvousJoining(settings, isStopped)
        var line = try RedisConnection(settings.endpoint)
        let second = try RedisConnection(settings.endpoint)
        id = try joining.join(over: &line)
        keys = RendezvousKeys(settings.name, run: id)
        self.settings = settings
        (self.isStopped, self.onLoss) = (isStopped, onLoss)
        connection = Mutex(line)
        pulse = Mutex(second)
        try SystemThread.start { [weak self] in
            var heard_ns = RedisRendezvous.now_ns
            var seen: Set<Int> = []
            while let self, !self.hasLeft.load(ordering: .acquiring) {
                self.beat(&seen, since: &heard_ns)
                usleep(UInt32(settings.silence_ms) * 1000 / 6)
            }
        }
    }

    deinit { hasLeft.store(true, ordering: .releasing) }

    /// Nanoseconds since an arbitrary moment, for waiting.
    static var now_ns: UInt64 { DispatchTime.now().uptimeNanoseconds }

    /// Which process was lost, if any.
    package var loss: RendezvousError? { fault.withLock { $0 } }

    // MARK: Beginning together

    /// Waits until all processes have come here, and returns in all of them at the same time.
    ///
    /// - Parameters:
    ///   - what: where they come, as the end of a sentence.
    ///   - patience_s: how long they may take.
    /// - Throws: `RendezvousError` when one does not come, or is lost; `RedisError`.
    package func meet(_ what: String, patience_s: Double) throws {
        let number = meetings.wrappingAdd(1, ordering: .relaxed).newValue
        guard settings.count > 1 else { return }
        let (coming, going) = (keys.coming(number), keys.going(number))
        let keep = String(Int(patience_s * 1000) + 60_000)
        try connection.withLock { line in
            try line.send(RedisCommand("HSET", keys.places, String(settings.index), String(number)))
            try line.send(RedisCommand("PEXPIRE", keys.places, RendezvousKeys.keep))
            try line.send(RedisCommand("INCR", coming))
            try line.send(RedisCommand("PEXPIRE", coming, keep))
            for _ in 0..<2 { _ = try line.receive() }
            let come = try line.receive().integer ?? 0
            _ = try line.receive()
            guard come < settings.count else {
                try release(going, keep, over: &line)
                _ = try line.execute(RedisCommand("UNLINK", coming))
                return
            }
            let limit_ns = RedisRendezvous.now_ns + UInt64(patience_s * 1e9)
            while try line.execute(RedisCommand("BLPOP", going, "0.2")).isNil {
                if let loss { throw loss }
                if isStopped() { throw RendezvousError.stopped }
                guard RedisRendezvous.now_ns < limit_ns else {
                    let late = try late(number, what, patience_s, over: &line)
                    // So that all others name the same one.
                    fault.withLock { $0 = $0 ?? late }
                    throw late
                }
            }
        }
    }

    /// Lets all others go.
    private func release(_ going: String, _ keep: String, over line: inout RedisConnection) throws {
        var command = RedisCommand()
        command.begin(arguments: settings.count + 1)
        command.append("RPUSH")
        command.append(Array(going.utf8))
        for _ in 1..<settings.count { command.append("go") }
        try line.send(command)
        try line.send(RedisCommand("PEXPIRE", going, keep))
        for _ in 0..<2 { _ = try line.receive() }
    }

    private func late(
        _ number: Int, _ what: String, _ patience_s: Double, over line: inout RedisConnection
    ) throws -> RendezvousError {
        let places = try keys.places(over: &line)
        // Whoever has ended says so to all.
        let missing = (1...settings.count).filter { places[$0].map { Int($0) ?? .max } ?? 0 < number }
        return .late(missing, of: settings.count, "did not come to \(what),", patience_s)
    }

    // MARK: Signs of life

    /// Gives a sign of life, and looks for those of the others.
    private func beat(_ seen: inout Set<Int>, since heard_ns: inout UInt64) {
        do {
            let found = try pulse.withLock { line -> (alive: [Bool], places: [Int: String])? in
                guard !hasLeft.load(ordering: .acquiring) else { return nil }
                try keys.giveSign(settings, over: &line)
                return (
                    try keys.alive(settings.count, over: &line), try keys.places(over: &line)
                )
            }
            guard let found else { return }
            heard_ns = RedisRendezvous.now_ns
            for other in 1...settings.count where other != settings.index {
                let place = found.places[other] ?? ""
                if place == RendezvousPlace.done { continue }
                if let text = RendezvousPlace.passedOn(place) { return note(RendezvousError(.lost, text)) }
                if let text = RendezvousPlace.ended(place) {
                    return note(.init(.lost, "shard \(other) of \(settings.count) ended early: \(text)"))
                }
                if found.alive[other - 1] {
                    seen.insert(other)
                } else if seen.contains(other) {
                    let silence_s = settings.silence_ms / 1000
                    return note(
                        .init(
                            .lost,
                            "shard \(other) of \(settings.count) was lost: nothing was heard of it for"
                                + " \(silence_s) s"))
                }
            }
        } catch {
            let silent_ms = (RedisRendezvous.now_ns - heard_ns) / 1_000_000
            guard silent_ms > UInt64(settings.silence_ms) else { return }
            note(.init(.lost, "the rendezvous did not answer for \(silent_ms / 1000) s: \(error)"))
        }
    }

    private func note(_ loss: RendezvousError) {
        let isFirst = fault.withLock { fault in
            defer { fault = fault ?? loss }
            return fault == nil
        }
        if isFirst { onLoss() }
    }

    /// Says goodbye, so that nobody takes this process for lost; the last one clears up.
    ///
    /// - Parameter reason: why it ends early; `nil` when it has done everything.
    package func leave(_ reason: String? = nil) {
        guard !hasLeft.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let place =
            loss.map { RendezvousPlace.passOn($0.description) } ?? reason.map(RendezvousPlace.end)
            ?? RendezvousPlace.done
        pulse.withLock { line in
            // What does not succeed here expires.
            _ = try? keys.leave(settings, place, over: &line)
        }
    }
}
