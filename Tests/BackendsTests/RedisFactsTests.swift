import Backends
import Foundation
import Testing

@Suite("What Redis says of itself")
struct RedisFactsTests {
    private let place: ServerPlace
    private var server: PrivateRedisServer { place.server }

    init() throws { place = try ServerPlace() }

    @Test("tells its configuration, and none of its passwords")
    func configuration() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "masterauth", "secret"))
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "maxmemory", "1048576"))
        let values = try RedisConfiguration.values(at: server.endpoint)
        #expect(values["save"] == "")
        #expect(values["appendonly"] == "no")
        #expect(values["maxmemory"] == "1048576")
        #expect(values["port"] == "0")
        #expect(!values.values.contains("secret"))
        for name in ["maxmemory-policy", "io-threads", "databases", "hz", "unixsocket"] {
            #expect(values[name] != nil, "\(name)")
        }
    }

    @Test("throws the server's words when it refuses CONFIG")
    func refusal() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("ACL", "SETUSER", "default", "-config"))
        let error = #expect(throws: RedisError.self) {
            _ = try RedisConfiguration.values(at: server.endpoint)
        }
        #expect(error?.description.contains("NOPERM") == true)
    }

    @Test("answers so many round trips, and fewer within a short limit, but one at least")
    func roundTrips() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        let trips = try StoreRoundTrips(over: &connection, warmUp: 3, count: 50, limit_ns: 60_000_000_000)
        #expect(trips.count == 50)
        #expect(trips.min_ns > 0 && trips.min_ns <= trips.p50_ns)
        #expect(try StoreRoundTrips(over: &connection, limit_ns: 0).count == 1)
    }

    @Test("is on a loopback address when it is our own")
    func ownServer() throws {
        defer { place.end() }
        let tcp = try PrivateRedisServer(folder: place.folder, over: .tcp)
        defer { tcp.stop() }
        #expect(try RedisConnection(tcp.endpoint).topology == .tcpLoopback)
    }
}

@Suite("Round trips and topology")
struct ServerTopologyTests {
    @Test("sorts the times, and takes the median by nearest rank")
    func median() throws {
        let odd = try #require(StoreRoundTrips(times_ns: [30, 10, 20]))
        #expect(odd.min_ns == 10 && odd.p50_ns == 20)
        #expect(StoreRoundTrips(times_ns: [4, 3, 2, 1])?.p50_ns == 2)
        #expect(StoreRoundTrips(times_ns: [7])?.p50_ns == 7)
        #expect(StoreRoundTrips(times_ns: []) == nil)
    }

    static let ends: [(peer: String?, local: String?, topology: ServerTopology?)] = [
        ("127.0.0.1", "127.0.0.1", .tcpLoopback), ("127.8.0.1", "127.0.0.1", .tcpLoopback),
        ("::1", "::1", .tcpLoopback), ("10.0.0.5", "10.0.0.5", .tcpLoopback),
        ("10.0.0.6", "10.0.0.5", .tcpRemote), ("2001:db8::1", "2001:db8::2", .tcpRemote),
        (nil, "10.0.0.5", nil), ("10.0.0.6", nil, nil),
    ]

    @Test("tells loopback from remote by the two ends", arguments: ServerTopologyTests.ends)
    func tcp(peer: String?, local: String?, topology: ServerTopology?) {
        #expect(ServerTopology(.tcp(host: "any", port: 6379), peer: peer, local: local) == topology)
    }

    @Test("knows a Unix socket without looking at its ends")
    func unix() {
        #expect(ServerTopology(.unix(path: "/run/redis.sock"), peer: nil, local: nil) == .unix)
    }
}
