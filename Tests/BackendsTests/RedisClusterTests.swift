import Foundation
import Testing

@testable import Backends

/// A private cluster, and what an operator does to it.
struct ClusterPlace {
    let folder: TemporaryFolder
    let cluster: PrivateRedisCluster

    init() throws {
        folder = try TemporaryFolder()
        cluster = try PrivateRedisCluster(folder: folder.url)
    }

    func end() {
        cluster.stop()
        folder.remove()
    }

    func ask(_ server: PrivateRedisServer, _ words: String...) throws -> RedisValue {
        var connection = try RedisConnection(server.endpoint)
        return try connection.execute(RedisCommand(words)).value
    }

    /// The master of a key, and another one.
    func masters(of key: String) throws -> (own: PrivateRedisServer, other: PrivateRedisServer) {
        let slot = RedisSlots.slot(of: Array(key.utf8).span)
        let map = try RedisSlotMap(at: cluster.endpoints)
        let own = try #require(map.parts.first { $0.slots.contains(slot) }?.master)
        let other = try #require(map.masters.first { $0 != own })
        func server(_ endpoint: RedisEndpoint) throws -> PrivateRedisServer {
            try #require(cluster.servers.first { $0.endpoint == endpoint })
        }
        return (try server(own), try server(other))
    }

    /// Moves a key's slot to another master; halfway, `between` is called.
    func move(_ key: String, between: () throws -> Void) throws {
        let slot = String(RedisSlots.slot(of: Array(key.utf8).span))
        let (own, other) = try masters(of: key)
        let from = try #require(try ask(own, "CLUSTER", "MYID").text)
        let to = try #require(try ask(other, "CLUSTER", "MYID").text)
        _ = try ask(other, "CLUSTER", "SETSLOT", slot, "IMPORTING", from)
        _ = try ask(own, "CLUSTER", "SETSLOT", slot, "MIGRATING", to)
        let (port, password) = (try #require(other.ports).clients, own.endpoint.password ?? "")
        _ = try ask(own, "MIGRATE", "127.0.0.1", String(port), key, "0", "5000", "AUTH", password)
        try between()
        _ = try ask(other, "CLUSTER", "SETSLOT", slot, "NODE", to)
        _ = try ask(own, "CLUSTER", "SETSLOT", slot, "NODE", to)
    }
}

@Suite("Redis Cluster")
struct RedisClusterTests {
    private static func slot(_ key: String) -> Int { RedisSlots.slot(of: Array(key.utf8).span) }

    @Test("the checksum is that of the specification's appendix")
    func checksum() {
        #expect(RedisSlots.checksum(Array("123456789".utf8).span) == 0x31C3)
        #expect(RedisSlots.checksum([UInt8]().span) == 0)
    }

    @Test("keys with one tag share a slot, and what is no tag is none")
    func tags() {
        #expect(Self.slot("{user1000}.following") == Self.slot("{user1000}.followers"))
        #expect(Self.slot("foo{bar}{zap}") == Self.slot("bar"))
        #expect(Self.slot("foo{{bar}}zap") == Self.slot("{bar"))
        #expect(Self.slot("foo{}{bar}") != Self.slot("bar"))
        #expect(Self.slot("foo{bar") != Self.slot("bar"))
    }

    @Test("the addresses of nodes are read, and what is none is refused")
    func addresses() throws {
        let nodes = try #require(RedisEndpoint.cluster(url: "redis://me@one:7000,two:7001"))
        #expect(nodes.map(\.name) == ["one:7000", "two:7001"] && nodes.allSatisfy { $0.user == "me" })
        for text in ["", "redis://one:7000,", "redis://one:7000/2", "unix:///one", "redis://one:7000,two:x"] {
            #expect(RedisEndpoint.cluster(url: text) == nil, "\(text)")
        }
    }

    @Test("the server agrees on the slot of any key")
    func slots() throws {
        let place = try ClusterPlace()
        defer { place.end() }
        let characters = Array("ab{}:0")
        for _ in 0..<200 {
            let key = String((0..<Int.random(in: 1...12)).map { _ in characters.randomElement() ?? "a" })
            let slot = try place.ask(place.cluster.servers[0], "CLUSTER", "KEYSLOT", key).number
            #expect(slot == Self.slot(key), "\(key)")
        }
    }

    @Test("each slot has a master with a replica, and nothing is left of a cluster that was stopped")
    func whole() throws {
        let place = try ClusterPlace()
        defer { place.end() }
        let map = try RedisSlotMap(at: place.cluster.endpoints)
        #expect(map.parts.reduce(0) { $0 + $1.slots.count } == RedisSlots.count)
        #expect(map.masters.count == 3 && map.nodes.count == 6)
        let processes = place.cluster.processIDs
        place.cluster.stop()
        #expect(processes.allSatisfy { kill($0, 0) == -1 && errno == ESRCH })
    }

    @Test("a key whose slot is on its way is found where it is, and a script on it waits")
    func moving() throws {
        let place = try ClusterPlace()
        defer { place.end() }
        let key = "{moving}"
        // Each has learned where the slot was before it goes. One gives up soon; the other has time on a busy machine.
        var client = try RedisClusterConnection(place.cluster.endpoints, timeout_ms: 20_000)
        var hasty = try RedisClusterConnection(place.cluster.endpoints, timeout_ms: 1000)
        client.turn(to: Array(key.utf8))
        hasty.turn(to: Array(key.utf8))
        _ = try client.execute(RedisCommand("SET", key, "here"), isRepeatable: true)
        let read = try RedisScript("return redis.call('GET', KEYS[1])", on: &client)
        var command = RedisCommand()
        command.begin(read, keys: 1, arguments: 1)
        command.append(Array(key.utf8))
        try place.move(key) {
            let own = try place.masters(of: key).own
            let error = #expect(throws: RedisError.self) { _ = try place.ask(own, "GET", key) }
            #expect(error?.isRedirection == true, "\(error.map { "\($0)" } ?? "no error")")
            #expect(try client.execute(RedisCommand("GET", key), isRepeatable: true).text == "here")
            let refused = #expect(throws: RedisError.self) {
                _ = try hasty.execute(command, of: read, isRepeatable: true, replicas: 0)
            }
            #expect(refused?.isOutage == true, "\(refused.map { "\($0)" } ?? "no error")")
        }
        #expect(try client.execute(RedisCommand("GET", key), isRepeatable: true).text == "here")
        #expect(try client.execute(command, of: read, isRepeatable: true, replicas: 0).text == "here")
    }

    @Test("what a replica has acknowledged is there when its master has died")
    func failover() throws {
        let place = try ClusterPlace()
        defer { place.end() }
        var client = try RedisClusterConnection(place.cluster.endpoints, timeout_ms: 20_000)
        let write = try RedisScript("return redis.call('SET', KEYS[1], 'here')", on: &client)
        let keys = (0..<60).map { "{\($0)}" }
        for key in keys {
            var command = RedisCommand()
            command.begin(write, keys: 1, arguments: 1)
            command.append(Array(key.utf8))
            client.turn(to: Array(key.utf8))
            _ = try client.execute(command, of: write, isRepeatable: true, replicas: 1)
        }
        let dead = try place.cluster.fullestMaster()
        dead.stop()
        for key in keys {
            client.turn(to: Array(key.utf8))
            #expect(try client.execute(RedisCommand("GET", key), isRepeatable: true).text == "here")
        }
        try place.cluster.mend()
        let map = try RedisSlotMap(at: place.cluster.endpoints)
        #expect(map.parts.allSatisfy { $0.master != dead.endpoint && !$0.replicas.isEmpty })
    }

    @Test("a cluster of which no node answers is an outage within its time, not a decision")
    func gone() throws {
        let place = try ClusterPlace()
        var client = try RedisClusterConnection(place.cluster.endpoints, timeout_ms: 200)
        client.turn(to: Array("a".utf8))
        place.end()
        let error = #expect(throws: RedisError.self) {
            _ = try client.execute(RedisCommand("GET", "a"), isRepeatable: true)
        }
        #expect(error?.isOutage == true)
        #expect(throws: RedisError.self) { _ = try RedisClusterConnection(place.cluster.endpoints) }
    }
}
