import Dispatch
import Glibc

/// A client's connections to the nodes of a Redis Cluster, each made when it is first needed
/// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
///
/// What a node says about a slot that it does not have is followed. While nobody has the slot, or its node is gone, the map of
/// slots is asked for again and again, for as long as a connection waits for a reply; then the error is thrown, so that
/// nothing is ever decided on a guess.
package struct RedisClusterConnection: RedisLine, ~Copyable {
    /// One node, and what was asked of it.
    private final class Node {
        let endpoint: RedisEndpoint
        var line: RedisConnection

        init(_ endpoint: RedisEndpoint, timeout_ms: Int) throws(RedisError) {
            line = try RedisConnection(endpoint, timeout_ms: timeout_ms)
            self.endpoint = endpoint
        }
    }

    private let seeds: [RedisEndpoint]
    private let timeout_ms: Int
    /// All nodes that were ever named, and the connections to them so far.
    private var (places, nodes): ([RedisEndpoint], [Node?]) = ([], [])
    /// The place of each slot's master.
    private var owners = [Int](repeating: 0, count: RedisSlots.count)
    private var slot = 0
    /// Which nodes will answer the commands that were sent, in their order.
    private var waiting: [Int] = []
    private var maps = 0

    /// Asks one of the nodes where the slots are.
    ///
    /// - Parameters:
    ///   - seeds: nodes of the cluster; one that answers is enough.
    ///   - timeout_ms: for connecting, for each command, and for following a slot until it is found.
    /// - Throws: `RedisError` where no node answers, or the cluster has no slots.
    package init(_ seeds: [RedisEndpoint], timeout_ms: Int = 2000) throws(RedisError) {
        (self.seeds, self.timeout_ms) = (seeds, timeout_ms)
        let map = try RedisSlotMap(at: seeds)
        guard !map.parts.isEmpty else {
            throw .server(message: "CLUSTERDOWN the cluster has no slots")
        }
        adopt(map)
    }

    package var commandsSent: Int { nodes.reduce(0) { $0 + ($1?.line.commandsSent ?? 0) } }
    package var roundTrips: Int { nodes.reduce(0) { $0 + ($1?.line.roundTrips ?? 0) } }
    package var connections: Int { nodes.reduce(maps) { $0 + ($1?.line.connections ?? 0) } }

    package mutating func turn(to key: [UInt8]) { slot = RedisSlots.slot(of: key.span) }

    package mutating func execute(
        _ command: borrowing RedisCommand, isRepeatable: Bool
    ) throws(RedisError) -> RedisReply {
        try follow(command, of: nil, isRepeatable, replicas: 0, patience_ms: timeout_ms)
    }

    /// A script is done where all that it names is: while its slot is on the way to another node, it waits for the end of that.
    ///
    /// Keys that it does not name are looked for where it runs only; half of them may be at the other node.
    package mutating func execute(
        _ command: borrowing RedisCommand, of script: RedisScript, isRepeatable: Bool, replicas: Int
    ) throws(RedisError) -> RedisReply {
        try follow(command, of: script, isRepeatable, replicas: replicas, patience_ms: timeout_ms)
    }

    /// Waits for the reply all the same, as the next command may be another node's; but not for a slot that nobody has.
    package mutating func post(
        _ command: borrowing RedisCommand, of script: RedisScript
    ) throws(RedisError) {
        _ = try follow(command, of: script, true, replicas: 0, patience_ms: 0)
    }

    package mutating func takePostError() -> RedisError? { nil }

    package mutating func send(_ command: borrowing RedisCommand) throws(RedisError) {
        do throws(RedisError) { try node(owners[slot]).line.send(command) } catch {
            // Nobody will read the replies to those before it.
            (waiting, nodes) = ([], nodes.map { _ in nil })
            throw error
        }
        waiting.append(owners[slot])
    }

    package mutating func receive() throws(RedisError) -> RedisReply {
        guard !waiting.isEmpty else { throw .unexpectedReply(command: "nothing") }
        return try node(waiting.removeFirst()).line.receive()
    }

    package mutating func wait(forReplicas wanted: Int) throws(RedisError) {
        for place in Set(owners) { try nodes[place]?.line.wait(forReplicas: wanted) }
    }

    // MARK: Following a slot

    private mutating func follow(
        _ command: borrowing RedisCommand, of script: RedisScript?, _ isRepeatable: Bool, replicas: Int,
        patience_ms: Int
    ) throws(RedisError) -> RedisReply {
        let limit_ns = DispatchTime.now().uptimeNanoseconds + UInt64(patience_ms) * 1_000_000
        var (asked, redirections) = (Int?.none, 0)
        while true {
            let place = asked ?? owners[slot]
            do throws(RedisError) {
                let node = try node(place)
                if let script {
                    return try node.line.execute(
                        command, of: script, isRepeatable: isRepeatable, replicas: replicas)
                }
                if asked == nil { return try node.line.execute(command, isRepeatable: isRepeatable) }
                try node.line.send(RedisCommand("ASKING"))
                try node.line.send(command)
                _ = try node.line.receive()
                return try node.line.receive()
            } catch {
                asked = nil
                switch RedisRedirection(error, from: places[place]) {
                case .moved(let slot, let new) where redirections < Self.mostRedirections:
                    redirections += 1
                    owners[slot] = self.place(of: new)
                    findSlots(from: owners[slot])
                    continue
                case .ask(let new) where script == nil && redirections < Self.mostRedirections:
                    redirections += 1
                    asked = self.place(of: new)
                    continue
                case .moved, .ask, .later: break
                case nil:
                    // What may have been done must not be done twice, unless that is as good.
                    guard case .connection = error, isRepeatable else { throw error }
                }
                guard DispatchTime.now().uptimeNanoseconds < limit_ns else { throw error }
                usleep(UInt32.random(in: Self.pause_us))
                findSlots(besides: place)
            }
        }
    }

    /// As Redis's own clients have it.
    private static let mostRedirections = 5
    private static let pause_us: ClosedRange<UInt32> = 10_000...30_000

    /// Asks for the map of slots; where nobody answers, it stays as it is.
    ///
    /// - Parameters:
    ///   - first: whom to ask first.
    ///   - failed: who has just failed to answer, and is asked last.
    private mutating func findSlots(from first: Int? = nil, besides failed: Int? = nil) {
        for seed in seeds { _ = place(of: seed) }
        let order = [first].compactMap(\.self) + places.indices.filter { $0 != failed }.shuffled()
        for index in order {
            guard let map = try? RedisSlotMap(over: &node(index).line), !map.parts.isEmpty else { continue }
            return adopt(map)
        }
    }

    private mutating func adopt(_ map: RedisSlotMap) {
        maps += 1
        for part in map.parts {
            let owner = place(of: part.master)
            for slot in part.slots { owners[slot] = owner }
        }
    }

    private mutating func place(of endpoint: RedisEndpoint) -> Int {
        if let place = places.firstIndex(of: endpoint) { return place }
        places.append(endpoint)
        nodes.append(nil)
        return places.count - 1
    }

    private mutating func node(_ place: Int) throws(RedisError) -> Node {
        if let node = nodes[place] { return node }
        let node = try Node(places[place], timeout_ms: timeout_ms)
        nodes[place] = node
        return node
    }
}
