/// The slots into which a Redis Cluster divides its keys
/// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
package enum RedisSlots {
    package static let count = 16_384

    /// The slot of a key, or of all keys that begin so: where it has a hash tag in braces, that of the tag.
    package static func slot(of key: Span<UInt8>) -> Int {
        guard let open = ByteSearch.firstIndex(of: UInt8(ascii: "{"), in: key, from: 0),
            let close = ByteSearch.firstIndex(of: UInt8(ascii: "}"), in: key, from: open + 1),
            close > open + 1
        else { return Int(checksum(key)) % count }
        return Int(checksum(key.extracting((open + 1)..<close))) % count
    }

    /// A key of some slot among these.
    static func key(in slots: ClosedRange<Int>) -> String {
        let keys = (0...).lazy.map { "authbench:replica:\($0)" }
        return keys.first { slots.contains(slot(of: Array($0.utf8).span)) } ?? ""
    }

    /// The CRC16 of the specification's appendix: XMODEM, with the polynomial 1021.
    package static func checksum(_ bytes: Span<UInt8>) -> UInt16 {
        var value: UInt16 = 0
        for index in bytes.indices {
            value ^= UInt16(bytes[index]) << 8
            for _ in 0..<8 { value = value & 0x8000 == 0 ? value << 1 : (value << 1) ^ 0x1021 }
        }
        return value
    }
}

/// Which nodes have which slots, as one of them says.
package struct RedisSlotMap: Sendable {
    package struct Part: Sendable {
        package var slots: ClosedRange<Int>
        package var master: RedisEndpoint
        package var replicas: [RedisEndpoint]
    }

    package private(set) var parts: [Part] = []

    /// Those that have slots, each once.
    package var masters: [RedisEndpoint] { Self.once(parts.map(\.master)) }

    /// Masters and replicas, each once.
    package var nodes: [RedisEndpoint] { Self.once(parts.flatMap { [$0.master] + $0.replicas }) }

    private static func once(_ endpoints: [RedisEndpoint]) -> [RedisEndpoint] {
        endpoints.reduce(into: []) { found, one in if !found.contains(one) { found.append(one) } }
    }

    /// Asks the first that answers.
    ///
    /// - Throws: `RedisError` of the last where none answers.
    package init(at places: [RedisEndpoint]) throws(RedisError) {
        var failure = RedisError.connection(operation: "find the cluster", message: "no node is known")
        for place in places {
            do throws(RedisError) {
                var connection = try RedisConnection(place)
                self = try Self(over: &connection)
                return
            } catch { failure = error }
        }
        throw failure
    }

    /// Asks a node (https://redis.io/docs/latest/commands/cluster-slots/).
    init(over connection: inout RedisConnection) throws(RedisError) {
        let home = connection.endpoint
        for part in try connection.execute(RedisCommand("CLUSTER", "SLOTS"), isRepeatable: true).value
            .elements
        {
            let fields = part.elements
            let nodes = fields.dropFirst(2).compactMap { Self.node($0.elements, home) }
            guard fields.count > 2, let first = fields[0].number, let last = fields[1].number,
                0 <= first, first <= last, last < RedisSlots.count, let master = nodes.first
            else { throw .unexpectedReply(command: "CLUSTER SLOTS") }
            parts.append(Part(slots: first...last, master: master, replicas: Array(nodes.dropFirst())))
        }
    }

    /// Where a node is: one that does not know its own address is where it was asked.
    private static func node(_ fields: [RedisValue], _ home: RedisEndpoint) -> RedisEndpoint? {
        guard fields.count > 1, let port = fields[1].number else { return nil }
        return home.node(fields[0].text ?? "", port)
    }
}

extension RedisEndpoint {
    /// Another node of the same cluster, with the same login.
    fileprivate func node(_ host: String, _ port: Int) -> RedisEndpoint? {
        guard let port = UInt16(exactly: port), port > 0 else { return nil }
        var other = self
        switch address {
        case .tcp(let home, _): other.address = .tcp(host: host.isEmpty ? home : host, port: port)
        case .unix: other.address = .tcp(host: host.isEmpty ? "127.0.0.1" : host, port: port)
        }
        return other
    }

    /// Reads `redis://host:port,host:port`, the addresses of nodes of one cluster; the first says who logs in.
    ///
    /// - Returns: `nil` for anything else, also where a database is named: a cluster has one only.
    package static func cluster(url text: String) -> [RedisEndpoint]? {
        var found: [RedisEndpoint] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let isWhole = found.isEmpty || part.hasPrefix("redis://")
            guard var one = RedisEndpoint(url: isWhole ? String(part) : "redis://\(part)"),
                case .tcp = one.address, one.database == 0
            else { return nil }
            if let first = found.first { (one.user, one.password) = (first.user, first.password) }
            found.append(one)
        }
        return found
    }
}

/// What a node of a cluster says instead of an answer.
enum RedisRedirection {
    /// Another node has the slot now.
    case moved(slot: Int, to: RedisEndpoint)
    /// Another node may have the key already: the slot is on its way there.
    case ask(RedisEndpoint)
    /// Nobody can say now: the slot is on its way, or its master is gone.
    case later

    /// How a script complains whose keys are only in part where it runs: it has found one that is gone to another node.
    static let halfMoved = "ERR Script attempted to access a non local key"

    /// - Returns: `nil` for an error that is none.
    init?(_ error: RedisError, from home: RedisEndpoint) {
        guard case .server(let message) = error else { return nil }
        let words = message.split(separator: " ")
        switch words.first {
        case "MOVED", "ASK":
            guard words.count == 3, let slot = Int(words[1]), 0..<RedisSlots.count ~= slot,
                let colon = words[2].lastIndex(of: ":"),
                let port = Int(words[2][words[2].index(after: colon)...]),
                let place = home.node(String(words[2][..<colon]), port)
            else { return nil }
            self = words[0] == "ASK" ? .ask(place) : .moved(slot: slot, to: place)
        case "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "READONLY": self = .later
        default:
            guard message.hasPrefix(Self.halfMoved) else { return nil }
            self = .later
        }
    }
}
