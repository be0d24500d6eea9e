/// Everything that will be done in a run, generated before any clock starts and the same for each strategy.
///
/// A client replays its operations in laps: in a lap as many come back as sign out, and in the end every slot is in
/// the state in which the lap began. So a run may be as long as it likes in constant memory, every expected decision
/// stays known, and every operation belongs to the mix.
package struct Trace: Sendable {
    package var clients: [ClientTrace]
    /// How many clients do the operations of each entry together, the next one whoever is free.
    package var requestsInParallel: Int
    /// All clients that send requests at once.
    package var clientCount: Int { clients.count * requestsInParallel }
    /// Sessions that every client presents; in a client's operations they follow its own slots.
    package var shared: [Slot]
    package var clock: TraceClock
    /// What the strategies are told to do; part of the hash, because it decides how much work a request is.
    package var policy: Policy
    package var arrival: Arrival
    /// How far away a networked store is; `nil` where it is asked without a relay.
    package var storeRTT: StoreRTT?
    /// How often a session sends a request, where renewals follow from that and from a credential's lifetime; `nil` where
    /// the operations have them.
    package var userRate_perSecond: Double?

    /// The slot that one of a client's operations uses.
    package func slot(of operation: Operation, client: Int) -> Slot {
        let (own, index) = (clients[client].slots, Int(operation.slot))
        return index < own.count ? own[index] : shared[index - own.count]
    }

    /// Hands over the trace as bytes, client by client, for its hash.
    ///
    /// Integers are little-endian; nothing of a strategy, a credential or a repeat is in it, so no upkeep either.
    package func forEachChunk(_ consume: ([UInt8]) -> Void) {
        var head: [UInt8] = Array("authbench-trace-3".utf8)
        head.append(UInt64(bitPattern: clock.lap_ms), count: 8)
        head.append(UInt64(bitPattern: clock.horizon_ms), count: 8)
        head.append(UInt64(clients.count), count: 8)
        if requestsInParallel > 1 { head.append(UInt64(requestsInParallel), count: 8) }
        head.append(contentsOf: policy.canonicalText.utf8)
        storeRTT?.append(to: &head)
        if userRate_perSecond != nil { head.append(contentsOf: "renew-auto".utf8) }
        Self.append(shared, to: &head)
        consume(head)
        for client in clients {
            var chunk: [UInt8] = []
            chunk.reserveCapacity(client.slots.count * 14 + client.operations.count * 9 + 16)
            Self.append(client.slots, to: &chunk)
            chunk.append(UInt64(client.operations.count), count: 8)
            for operation in client.operations {
                chunk.append(operation.kind.rawValue)
                chunk.append(UInt64(operation.slot), count: 4)
                chunk.append(UInt64(operation.time_ms), count: 4)
            }
            chunk.append(UInt64(client.arrivals.times_ns.count), count: 8)
            for time_ns in client.arrivals.times_ns { chunk.append(time_ns, count: 8) }
            consume(chunk)
        }
    }

    private static func append(_ slots: [Slot], to chunk: inout [UInt8]) {
        chunk.append(UInt64(slots.count), count: 8)
        for slot in slots {
            chunk.append(slot.state.rawValue)
            chunk.append(slot.subject.id, count: 8)
            chunk.append(UInt64(slot.age_ms), count: 5)
        }
    }
}

/// What one client does, and with which credentials it starts.
package struct ClientTrace: Sendable {
    package var slots: [Slot]
    package var operations: [Operation]
    /// When they are due, where the loop is open.
    package var arrivals = ArrivalTimes()
}

extension ClientTrace {
    /// Puts operations of one kind together, `count` at a time on one session, as a browser asks for all parts of a page
    /// at once, and renews once for each of them when its token has expired.
    ///
    /// The later ones come forward to the first and take its session, so that the numbers of all kinds stay, and
    /// sign-ins, sign-outs and the probes between them their order.
    mutating func bundle(_ count: Int) {
        guard count > 1 else { return }
        var bundled: [Operation] = []
        bundled.reserveCapacity(operations.count)
        var isTaken = Array(repeating: false, count: operations.count)
        var next: [OperationKind: Int] = [.authenticate: 0, .renew: 0]
        for index in operations.indices where !isTaken[index] {
            var first = operations[index]
            // In one moment: the trace's clock goes on from bundle to bundle.
            first.time_ms = operations[bundled.count].time_ms
            bundled.append(first)
            guard var place = next[first.kind] else { continue }
            place = max(place, index + 1)
            for _ in 1..<count {
                while place < operations.count, operations[place].kind != first.kind { place += 1 }
                guard place < operations.count else { break }
                isTaken[place] = true
                bundled.append(first)
                place += 1
            }
            next[first.kind] = place
        }
        operations = bundled
    }
}

/// A place for one credential, used by its own client only or shared by all, and then never changed: no lock is needed.
package struct Slot: Sendable, Equatable {
    /// The state in which a slot is before the first operation of a lap.
    package enum State: UInt8, Sendable {
        case live
        /// Signed in and out again.
        case revoked
        // Probe credentials, which never change.
        case expired, tampered, wrongAudience, unknown
    }

    package var state: State
    package var subject: Subject
    /// How long before the trace's start the credential was issued.
    package var age_ms: Int64
}

/// Where the trace's clock stands at each operation.
public struct TraceClock: Sendable, Equatable {
    /// How far it goes on in one lap.
    public var lap_ms: Int64
    /// Where it stops, so that no live credential expires however long the run.
    public var horizon_ms: Int64

    @inlinable
    public func instant(of operation: Operation, lap: Int) -> Instant {
        .traceStart.advanced(
            byMilliseconds: min(horizon_ms, Int64(lap) &* lap_ms &+ Int64(operation.time_ms)))
    }
}

/// What a client does in one step of a trace.
public enum OperationKind: UInt8, CaseIterable, Sendable {
    case login, authenticate, renew, logout
    // Probes: a credential that must be refused is presented.
    case expired, tampered, wrongAudience, revoked, unknown

    /// The name in workload files and CSV rows.
    public var name: String {
        switch self {
        case .login: "login"
        case .authenticate: "authenticate"
        case .renew: "renew"
        case .logout: "logout"
        case .expired: "expired"
        case .tampered: "tampered"
        case .wrongAudience: "wrong_audience"
        case .revoked: "revoked"
        case .unknown: "unknown"
        }
    }

    /// Whether the step presents a credential that must be refused.
    public var isProbe: Bool { rawValue >= Self.expired.rawValue }
}

/// One step of a client: what, with the credential of which slot, and when on the trace's clock.
public struct Operation: Sendable, Equatable {
    public var kind: OperationKind
    /// Index into the client's own slots.
    public var slot: UInt32
    /// Milliseconds since the lap began.
    public var time_ms: UInt32
    /// What the strategy needs first, with the same slot, so that the user stays signed in; `nil` for nothing.
    public var upkeep: OperationKind?
}
