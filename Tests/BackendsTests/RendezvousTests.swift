import Foundation
import Synchronization
import Testing

@testable import Backends

/// Several processes of one run, here on threads of one: each has connections of its own.
@Suite("Rendezvous")
struct RendezvousTests {
    private let place: ServerPlace
    private var server: PrivateRedisServer { place.server }

    init() throws { place = try ServerPlace() }

    private func settings(_ index: Int, of count: Int, plan: String = "plan") -> RedisRendezvous.Settings {
        var settings = RedisRendezvous.Settings(
            endpoint: server.endpoint, name: "test", plan: plan, index: index, count: count)
        (settings.patience_s, settings.silence_ms) = (5, 600)
        return settings
    }

    /// Does something as each of several shards at once, and gives what each came to.
    private func together<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
    ) -> [Result<Value, any Error>] {
        let group = DispatchGroup()
        let results = Mutex<[Int: Result<Value, any Error>]>([:])
        for index in 1...count {
            group.enter()
            Thread.detachNewThread {
                let result = Result { try body(index) }
                results.withLock { $0[index] = result }
                group.leave()
            }
        }
        group.wait()
        return results.withLock { found in (1...count).compactMap { found[$0] } }
    }

    private func keys() throws -> Set<String> {
        var connection = try RedisConnection(server.endpoint)
        return Set(
            try RedisKeys.list(under: "authbench:", on: &connection).map {
                String(decoding: $0, as: UTF8.self)
            })
    }

    @Test("all have one identifier, go on together, and leave nothing behind", arguments: [1, 2, 5])
    func meeting(count: Int) throws {
        defer { place.end() }
        let arrived = Atomic(0)
        let results = together(count) { index in
            let rendezvous = try RedisRendezvous(settings(index, of: count))
            var early = 0
            for round in 1...20 {
                if index == round % count + 1 { usleep(5000) }
                arrived.add(1, ordering: .sequentiallyConsistent)
                try rendezvous.meet("round \(round)", patience_s: 5)
                if arrived.load(ordering: .sequentiallyConsistent) < round * count { early += 1 }
            }
            rendezvous.leave()
            return (rendezvous.id, early)
        }
        let ends = try results.map { try $0.get() }
        #expect(Set(ends.map(\.0)).count == 1)
        #expect(ends.allSatisfy { $0.1 == 0 }, "nobody goes on before all have come")
        #expect(try keys() == [])
    }

    @Test("while a run lasts, each of its keys expires by itself")
    func expiry() throws {
        defer { place.end() }
        let endpoint = server.endpoint
        let results = together(2) { index in
            let rendezvous = try RedisRendezvous(settings(index, of: 2))
            try rendezvous.meet("a round", patience_s: 5)
            var connection = try RedisConnection(endpoint)
            let found = try RedisKeys.list(under: "authbench:", on: &connection)
            var times: [Int64] = []
            for key in found {
                let name = String(decoding: key, as: UTF8.self)
                times.append(try connection.execute(RedisCommand("PTTL", name)).integer ?? 0)
            }
            try rendezvous.meet("the end", patience_s: 5)
            rendezvous.leave()
            return times
        }
        for times in try results.map({ try $0.get() }) {
            // One that is gone meanwhile has -2, one without expiry -1.
            #expect(!times.isEmpty && !times.contains(-1), "\(times)")
        }
    }

    @Test("one that does not come is named, to whoever waits at the start and at a meeting")
    func late() throws {
        defer { place.end() }
        let early = #expect(throws: RendezvousError.self) {
            var own = settings(1, of: 3)
            own.patience_s = 0.5
            _ = try RedisRendezvous(own)
        }
        #expect(early?.description == "shards 2, 3 of 3 did not come within 0.5 s")
        let second = #expect(throws: RendezvousError.self) {
            var own = settings(2, of: 3)
            own.patience_s = 0.5
            _ = try RedisRendezvous(own)
        }
        #expect(second?.description == "shard 1 of 3 did not come within 0.5 s")
        let results = together(3) { index in
            let rendezvous = try RedisRendezvous(settings(index, of: 3))
            defer { rendezvous.leave() }
            guard index != 2 else {
                sleep(2)
                return
            }
            try rendezvous.meet("a, repeat 1", patience_s: 0.5)
        }
        for index in [0, 2] {
            let error = #expect(throws: RendezvousError.self) { try results[index].get() }
            #expect(error?.description == "shard 2 of 3 did not come to a, repeat 1, within 0.5 s")
        }
    }

    @Test("one that gives no sign of life is lost, and named to all others, also while they do not wait")
    func lost() throws {
        defer { place.end() }
        let told = Atomic(0)
        let results = together(3) { index -> RendezvousError? in
            let rendezvous = try RedisRendezvous(
                settings(index, of: 3), onLoss: { told.add(1, ordering: .relaxed) })
            try rendezvous.meet("a, repeat 1", patience_s: 5)
            // As after a SIGKILL: nothing is said any more.
            if index == 3 { return nil }
            for _ in 0..<300 where rendezvous.loss == nil { usleep(10_000) }
            defer { rendezvous.leave() }
            return rendezvous.loss
        }
        for index in [0, 1] {
            let loss = try results[index].get()
            #expect(loss?.kind == .lost)
            #expect(
                loss?.description.hasPrefix("shard 3 of 3 was lost") == true, "\(loss?.description ?? "")")
        }
        #expect(told.load(ordering: .relaxed) == 2)
    }

    @Test("one that ends early says why, and all others name it")
    func ended() throws {
        defer { place.end() }
        let results = together(3) { index in
            let rendezvous = try RedisRendezvous(settings(index, of: 3))
            try rendezvous.meet("a, repeat 1", patience_s: 5)
            guard index != 2 else {
                rendezvous.leave("the disk is full")
                return ""
            }
            defer { rendezvous.leave() }
            do { try rendezvous.meet("a, repeat 2", patience_s: 5) } catch { return "\(error)" }
            return "nothing"
        }
        for index in [0, 2] {
            #expect(try results[index].get() == "shard 2 of 3 ended early: the disk is full")
        }
        // Who came where one will never come is forgotten in a while.
        #expect(try keys().allSatisfy { $0.contains(":coming:") })
    }

    @Test("what a run left that was killed does not disturb the next of its name")
    func stale() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        let base = "authbench:rendezvous:test:"
        // Words of a second shard that nobody answered, with this plan and with another, and a first that was killed.
        _ = try connection.execute(
            RedisCommand("RPUSH", base + "lobby", "2 old plan", "2 older other", "nonsense"))
        _ = try connection.execute(RedisCommand("SET", base + "lead", "old", "PX", "500"))
        let results = together(2) { index in
            let rendezvous = try RedisRendezvous(settings(index, of: 2))
            try rendezvous.meet("a, repeat 1", patience_s: 5)
            rendezvous.leave()
            return rendezvous.id
        }
        #expect(Set(try results.map { try $0.get() }).count == 1)
    }

    @Test("another plan, and a shard that is there twice, are refused")
    func unlike() throws {
        defer { place.end() }
        let other = together(2) { index in
            var own = settings(index, of: 2, plan: "plan\(index)")
            own.patience_s = 1
            _ = try RedisRendezvous(own)
        }
        for (result, shard) in zip(other, [2, 1]) {
            let error = #expect(throws: RendezvousError.self) { try result.get() }
            #expect(error?.kind == .unlike)
            #expect(error?.description.hasPrefix("shard \(shard) of 2 has another plan") == true)
        }
        let twice = together(2) { _ in _ = try RedisRendezvous(settings(1, of: 2)) }
        let errors = twice.compactMap { result -> String? in
            if case .failure(let error) = result { "\(error)" } else { nil }
        }
        #expect(errors.contains { $0.hasPrefix("shard 1 of 2 is there twice") }, "\(errors)")
    }
}
