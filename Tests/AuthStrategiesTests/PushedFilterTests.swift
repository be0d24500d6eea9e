import AuthCore
import Backends
import TestStores
import Testing

@testable import AuthStrategies

/// `denylist-pushed@filter=bloom`: a filter in memory, whose hits Redis confirms.
@Suite("Filter of a pushed list")
struct PushedFilterTests {
    private func name(_ number: Int) throws -> TokenName {
        // Random in all of its bytes, as every jti of ours is.
        let digest = SHA256.digest(of: number)
        return TokenName(stored: digest.span)
    }

    @Test("a filter forgets nothing, and takes about one strange name in 800 for its own")
    func rate() throws {
        var filter = SplitBlockFilter(blocks: 64)
        var count = 0
        while !filter.isFull {
            filter.insert(try name(count).hash)
            count += 1
        }
        #expect(count == 1024)
        for number in 0..<count { #expect(filter.contains(try name(number).hash)) }
        var mistaken = 0
        for number in count..<(count + 100_000) where filter.contains(try name(number).hash) { mistaken += 1 }
        #expect(50...300 ~= mistaken, "\(mistaken) of 100000")
    }

    @Test("names that somebody chose by their ends spread as random ones do")
    func chosenNames() {
        var filter = SplitBlockFilter(blocks: 64)
        for number in 0..<1024 { filter.insert(TokenName(Array("token-\(number)".utf8).span).hash) }
        var mistaken = 0
        for number in 1024..<101_024
        where filter.contains(TokenName(Array("token-\(number)".utf8).span).hash) { mistaken += 1 }
        #expect(mistaken < 400, "\(mistaken) of 100000")
    }

    @Test("the name of a jti of ours is the same by words and by bytes")
    func ownNames() {
        let own = Array("0123456789abcdefABCDEF".utf8)
        var bytes = own + [UInt8](repeating: 0, count: 10)
        bytes[31] = 22
        #expect(TokenName(own.span) == TokenName(stored: bytes.span))
        #expect(TokenName(own.span) != TokenName(Array(own.dropLast()).span))
    }

    @Test(
        "what the filter is full of stays refused beyond its size, and nobody else is",
        arguments: ["bloom", "exact"])
    func confirmed(filter: String) throws {
        let stores = try TestStores()
        let choice = try #require(
            try StrategyChoice.named(["denylist-pushed@filter=\(filter)"], among: builtinStrategies).first)
        var list = try PushedList<PushedDenylist>(in: choice.environment(stores.environment), sharing: ())
        func entry(_ number: Int) throws -> TokenEntry {
            TokenEntry(
                name: try name(number), subject: Subject(id: UInt64(number)), generation: 0,
                authenticatedAt: .traceStart, expiry: .traceStart.advanced(byMilliseconds: 3_600_000))
        }
        // More than the first filter holds.
        let ended = 20_000
        for number in 0..<ended { try list.revoke(try entry(number), at: .traceStart) }
        for number in 0..<ended { #expect(try !list.isGood(try entry(number), at: .traceStart)) }
        let before = list.commandsSent
        for number in ended..<(3 * ended) { #expect(try list.isGood(try entry(number), at: .traceStart)) }
        let asked = list.commandsSent - before
        // A PING now and then is no confirmation.
        if filter == "bloom" {
            #expect(5...1000 ~= asked, "\(asked)")
        } else {
            #expect(asked < 20, "\(asked)")
        }
    }
}

extension SHA256 {
    fileprivate static func digest(of number: Int) -> Digest {
        var hasher = SHA256()
        let text = Array(String(number).utf8)
        return hasher.digest(text.span)
    }
}
