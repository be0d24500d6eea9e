import AuthCore
import Backends
import Foundation

/// The relay before a run's server, set so that the server is as far away as was asked.
final class StoreRelay: Sendable {
    /// Where the clients find the server.
    let url: String
    let asked: StoreRTT
    /// Round trips of the server's own ping through the relay, before anything is measured.
    let roundTrips: StoreRoundTrips
    private let process: RelayProcess
    /// How long bytes are held in each direction.
    private let delay_ns: UInt64
    /// How late the relay was meanwhile.
    private let calm: RelayProcess.Lateness

    var processID: Int32 { process.processID }

    /// Starts the relay and takes its own cost off the delay.
    ///
    /// - Parameters:
    ///   - asked: the distance.
    ///   - store: the server.
    ///   - folder: where its socket is made.
    /// - Throws: `CommandError` when the relay or the server does not answer.
    convenience init(_ asked: StoreRTT, toRedis store: RedisEndpoint, in folder: URL) throws {
        let path = folder.appendingPathComponent("relay.sock").path
        var endpoint = store
        endpoint.address = .unix(path: path)
        try self.init(asked, at: .unix(path: path), endpoint.url, to: store.address) { [endpoint] in
            let held = Held(try RedisConnection(endpoint, timeout_ms: Self.patience_ms))
            return { try StoreRoundTrips(over: &held.connection, warmUp: 20, limit_ns: Self.ping_ns) }
        }
    }

    /// The same before a PostgreSQL server.
    convenience init(_ asked: StoreRTT, toPostgreSQL store: PostgreSQLEndpoint, in folder: URL) throws {
        var endpoint = store
        let path = folder.appendingPathComponent(PostgreSQLEndpoint.socketName).path
        endpoint.address = .unix(path: path)
        try self.init(asked, at: .unix(path: path), endpoint.url, to: store.address) { [endpoint] in
            let held = Held(try PostgreSQLConnection(endpoint, timeout_ms: Self.patience_ms))
            return { try StoreRoundTrips(over: &held.connection, warmUp: 20, limit_ns: Self.ping_ns) }
        }
    }

    /// The same before an authority, at a port.
    convenience init(_ asked: StoreRTT, toAuthority store: HTTPAddress) throws {
        guard let port = ReservedPort() else {
            throw CommandError.runtime("--store-rtt: no port of 127.0.0.1 is free for the relay")
        }
        var address = store
        (address.host, address.port) = ("127.0.0.1", port.number)
        // The relay listens when this is done; until then the port is held for it.
        defer { withExtendedLifetime(port) {} }
        try self.init(asked, at: address.stream, address.url, to: store.stream) { [address] in
            let held = Held(try HTTPConnection(address, timeout_ms: Self.patience_ms))
            return { try StoreRoundTrips(over: &held.connection, warmUp: 20, limit_ns: Self.ping_ns) }
        }
    }

    private static let patience_ms = 5000
    private static let ping_ns: UInt64 = 300_000_000

    /// A connection that a closure may use again and again.
    private final class Held<Connection: ~Copyable> {
        var connection: Connection
        init(_ connection: consuming Connection) { self.connection = connection }
    }

    /// - Parameters:
    ///   - asked: the distance.
    ///   - place: where the relay listens.
    ///   - url: where clients find the server through it.
    ///   - store: where the server listens.
    ///   - connect: opens a connection through the relay, which can then be pinged.
    /// - Throws: `CommandError` when the relay or the server does not answer.
    private init(
        _ asked: StoreRTT, at place: StreamAddress, _ url: String, to store: StreamAddress,
        connect: () throws -> () throws -> StoreRoundTrips
    ) throws {
        (self.asked, self.url) = (asked, url)
        do {
            process = try Self.start(at: place, to: store)
            let ping = try connect()
            var (trips, delay_ns) = (try ping(), UInt64(0))
            for _ in 0..<3 where asked.time_ns > 0 {
                delay_ns = UInt64(max(0, Int64(delay_ns) + (Int64(asked.time_ns) - Int64(trips.p50_ns)) / 2))
                try process.setDelay(ns: delay_ns)
                try process.forget()
                trips = try ping()
            }
            (roundTrips, self.delay_ns) = (trips, delay_ns)
            calm = try process.lateness() ?? .init(p50_ns: 0, p99_ns: 0, portions: 0)
        } catch { throw CommandError.runtime("--store-rtt: \(error)") }
    }

    /// Starts a relay that does not delay.
    static func start(at place: StreamAddress, to store: StreamAddress) throws(RelayError) -> RelayProcess {
        try RelayProcess(
            URL(fileURLWithPath: "/proc/self/exe"), ServeRelayCommand.arguments(place, to: store))
    }

    func end() { process.end() }

    // MARK: What can happen on the way

    func enter(_ mode: Relay.Mode) throws(RelayError) { try process.enter(mode) }

    /// Makes each round trip take longer than calibrated by so much; 0 for as it was.
    func slow(byRTT_ns extra_ns: UInt64) throws(RelayError) {
        try process.setDelay(ns: delay_ns + extra_ns / 2)
    }

    /// Leads new connections to another server, and breaks those that there are.
    func lead(to store: StreamAddress) throws(RelayError) { try process.lead(to: store) }

    /// Holds bytes back as calibrated, or passes them on at once.
    func hold(_ isHolding: Bool) throws {
        do { try process.setDelay(ns: isHolding ? delay_ns : 0) } catch {
            throw CommandError.runtime("--store-rtt: \(error)")
        }
    }

    /// Forgets how late the relay was so far.
    func begin() { try? process.forget() }

    /// How far away the server was since `begin`: as calibrated, and how much later than then the relay passed bytes on, once
    /// on the way there and once on the way back.
    func distance() -> StoreDistance {
        guard let late = try? process.lateness() else { return StoreDistance(asked_ns: asked.time_ns) }
        func away(_ late_ns: UInt64) -> UInt64 {
            UInt64(max(0, Int64(roundTrips.p50_ns) + 2 * (Int64(late_ns) - Int64(calm.p50_ns))))
        }
        return StoreDistance(asked_ns: asked.time_ns, p50_ns: away(late.p50_ns), p99_ns: away(late.p99_ns))
    }

    /// Throws when the relay is not there any more.
    func check() throws { _ = try process.lateness() }
}
