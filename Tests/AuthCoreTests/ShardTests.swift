import Foundation
import Testing

@testable import AuthCore

@Suite("Shards")
struct ShardTests {
    private func workload(_ more: String = "") throws -> Workload {
        let json = """
            {"name":"t","summary":"t","population":400,"clients":12,\(more)"mix":{"login":0.1,"authenticate":0.8,
             "logout":0.1}}
            """
        return try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
    }

    @Test("the parts of all shards are disjoint, complete and as even as can be")
    func partition() throws {
        for count in [1, 2, 3, 5, 8, 64, 1000] {
            for things in [0, 1, count - 1, count, count + 1, 7 * count + 3, 1000] {
                var next = 0
                for index in 1...count {
                    let range = try #require(Shard(index, of: count)).range(of: things)
                    #expect(range.lowerBound == next, "\(index) of \(count) has a part of \(things)")
                    #expect([things / count, (things + count - 1) / count].contains(range.count))
                    next = range.upperBound
                }
                #expect(next == things)
            }
        }
    }

    @Test("only i/n with 1 <= i <= n is a shard")
    func text() {
        #expect(Shard("2/8") == Shard(2, of: 8))
        #expect(Shard("1000/1000")?.count == 1000)
        for text in [
            "", "/", "1", "0/2", "3/2", "-1/2", "1/0", "1/2/3", "1/ 2", "a/b", "1/1001",
            "1/99999999999999999999",
        ] {
            #expect(Shard(text) == nil, "\(text)")
        }
    }

    @Test("all parts of a trace together are the trace, groups whole", arguments: [1, 3])
    func parts(inParallel: Int) throws {
        let whole = Trace(
            try workload(inParallel > 1 ? "\"requests_in_parallel\":\(inParallel)," : ""), lapOperations: 4000
        )
        let shards = try (1...3).map { whole.part(of: try #require(Shard($0, of: 3))) }
        #expect(shards.reduce(0) { $0 + $1.clientCount } == whole.clientCount)
        #expect(shards.flatMap { $0.clients.flatMap(\.slots) } == whole.clients.flatMap(\.slots))
        #expect(shards.flatMap { $0.clients.flatMap(\.operations) } == whole.clients.flatMap(\.operations))
        #expect(shards.allSatisfy { $0.shared == whole.shared && $0.requestsInParallel == inParallel })
    }

    @Test("each has its part of the rate")
    func rate() throws {
        var workload = try workload()
        workload.arrival = .open(.poisson, rate: 1200)
        let whole = Trace(workload, lapOperations: 4000)
        let rates = try (1...5).map { whole.part(of: try #require(Shard($0, of: 5))).arrival.rate ?? 0 }
        #expect(abs(rates.reduce(0, +) - 1200) < 1e-9)
        #expect(rates.min() == 200 && rates.max() == 300)
    }
}
