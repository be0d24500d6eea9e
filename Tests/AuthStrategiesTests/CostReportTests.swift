import AuthCore
import AuthStrategies
import Backends
import Foundation
import TestStores
import Testing

/// What a strategy asks of its store and leaves in it, held against what the stores themselves count.
@Suite("Cost report")
struct CostReportTests {
    private let users = (1...20).map { Subject(id: UInt64($0)) }

    /// The commands a Redis server has got from clients, those inside scripts and our own questions left out.
    private func served(_ stores: TestStores) throws -> Int {
        var connection = try RedisConnection(stores.server.endpoint)
        let text = try connection.execute(RedisCommand("INFO", "commandstats")).text ?? ""
        var sum = 0
        for line in text.split(whereSeparator: \.isNewline) {
            // cmdstat_get:calls=20,usec=…
            let isOurs = ["get", "set", "evalsha", "eval"].contains {
                line.hasPrefix("cmdstat_\($0):")
            }
            guard isOurs, let calls = line.split(separator: "=").dropFirst().first?.prefix(while: \.isNumber)
            else { continue }
            sum += Int(calls) ?? 0
        }
        return sum
    }

    @Test("redis-session counts just the commands that the server counts")
    func redisCommands() throws {
        let stores = try TestStores(.touching(.interval(milliseconds: 60_000)))
        var strategy = try RedisSessionStrategy(sharing: RedisSessionStrategy.prepare(in: stores.environment))
        // What a script calls inside is counted by the server as well: touching calls GET and SET, and a logout GET.
        let credentials = try strategy.load(users.map { Login($0, at: .start) })
        let (sentBefore, servedBefore) = (strategy.storeCommands, try served(stores))
        let waitedBefore = strategy.storeRoundTrips
        for credential in credentials {
            _ = try strategy.authenticate(credential, at: .start)
            _ = try strategy.authenticate(credential, at: .start + 60_000)
            try strategy.logout(credential, at: .start)
        }
        #expect(strategy.storeCommands - sentBefore == 20 * (1 + 2 + 1))
        #expect(strategy.storeRoundTrips - waitedBefore == 20 * 3, "nobody waits for a touch")
        #expect(try served(stores) - servedBefore == 20 * (1 + (2 + 2) + 2))
    }

    @Test("SQLite strategies count every statement, BEGIN and COMMIT among them")
    func statements() throws {
        let stores = try TestStores(.touching(.interval(milliseconds: 60_000)))
        var session = try SQLiteSessionStrategy(
            sharing: SQLiteSessionStrategy.prepare(in: stores.environment))
        func counts<S: AuthStrategy & ~Copyable>(_ strategy: inout S) throws -> [Int] {
            defer { #expect(strategy.storeRoundTrips == 0, "a file is not across the network") }
            var counts = [strategy.storeCommands]
            var credential = try strategy.login(users[0], at: .start)
            counts.append(strategy.storeCommands)
            _ = try strategy.authenticate(credential, at: .start)
            counts.append(strategy.storeCommands)
            _ = try strategy.authenticate(credential, at: .start + 60_000)
            counts.append(strategy.storeCommands)
            if case .renewed(let fresh) = try strategy.renew(credential, at: .start) { credential = fresh }
            counts.append(strategy.storeCommands)
            try strategy.logout(credential, at: .start)
            counts.append(strategy.storeCommands)
            return zip(counts.dropFirst(), counts).map { $0 - $1 }
        }
        // INSERT; SELECT; SELECT and UPDATE; SELECT and UPDATE of the key; DELETE.
        #expect(try counts(&session) == [1, 1, 2, 2, 1])
        // A new table makes SQLite compile the statements of others anew, which loses their counts.
        var hybrid = try HybridStrategy(sharing: HybridStrategy.prepare(in: stores.environment))
        // INSERT; nothing; nothing; BEGIN, SELECT, UPDATE, COMMIT; DELETE.
        #expect(try counts(&hybrid) == [1, 0, 0, 4, 1])
    }

    @Test(
        "the store's bytes grow with the sessions in it",
        arguments: ["sqlite-session", "redis-session", "hybrid"])
    func growth(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            var growth = StoreGrowth()
            for stage in 1...3 {
                for part in 0..<8 {
                    let first = UInt64(stage * 8 + part) * 500
                    _ = try strategy.load((first..<first + 500).map { Login(Subject(id: $0), at: .start) })
                }
                growth.add(sessions: stage * 4000, bytes: try #require(try strategy.storeBytes()))
            }
            // A hash of 32 bytes, two indexes or a set; a page or a table that doubles is spread over them.
            let perSession = try #require(growth.bytesPerSession)
            #expect(100...1000 ~= perSession, "\(perSession)")
        }
        for strategy in builtinStrategies where strategy.descriptor.id == id { try check(strategy) }
    }

    @Test("strategies without a store ask nothing and hold nothing")
    func without() throws {
        let stores = try TestStores()
        var strategy = try HS256JWTStrategy(sharing: HS256JWTStrategy.prepare(in: stores.environment))
        _ = try strategy.login(users[0], at: .start)
        #expect(strategy.storeCommands == 0)
        #expect(try strategy.storeBytes() == nil)
    }
}
