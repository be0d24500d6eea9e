/// Which part of a trace's clients one process replays, where several processes replay one trace together.
package struct Shard: Sendable, Equatable, CustomStringConvertible {
    /// More than this no server of today is asked by at once.
    package static let most = 1000

    /// Counted from 1.
    package let index: Int
    package let count: Int

    /// - Returns: `nil` where there is no such shard.
    package init?(_ index: Int, of count: Int) {
        guard 1...Self.most ~= count, 1...count ~= index else { return nil }
        (self.index, self.count) = (index, count)
    }

    /// Reads `2/8`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let index = Int(parts[0]), let count = Int(parts[1])
        else { return nil }
        self.init(index, of: count)
    }

    package var description: String { "shard \(index) of \(count)" }

    /// Its part of so many things in a row: the parts of all shards are disjoint and complete, and as even as can be.
    package func range(of things: Int) -> Range<Int> {
        (index - 1) * things / count..<index * things / count
    }
}

extension Trace {
    /// What a shard replays: its clients, whole groups that act for one person together, at their part of the rate.
    ///
    /// The hash that stands in every row is that of the whole trace.
    package func part(of shard: Shard) -> Self {
        var part = self
        part.clients = Array(clients[shard.range(of: clients.count)])
        if case .open(let process, let rate) = arrival {
            let share = Double(part.clients.count) / Double(clients.count)
            part.arrival = .open(process, rate: rate * share)
        }
        return part
    }
}
