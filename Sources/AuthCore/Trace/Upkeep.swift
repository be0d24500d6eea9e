/// What a client must do so that its user stays signed in, beside what the user asks for.
public enum CredentialUpkeep: Sendable, Equatable {
    /// Nothing: a request itself keeps the session alive.
    case none
    /// A fresh credential so long after the last one, shortly before that expires.
    case renewal(after_ms: Int64)
    /// A sign-in for each request, because a request uses the credential up.
    case signInForEachRequest
}

extension AuthStrategy where Self: ~Copyable {
    /// Gives a trace as the clients of this strategy replay it: the user's operations are the same for all strategies.
    ///
    /// Before some of them stands what keeps the user signed in, where the trace leaves that to the strategy. No
    /// credential is so old that it would expire meanwhile: its holder would have renewed it.
    package static func own(_ trace: Trace, under policy: Policy) -> Trace {
        var trace = trace
        trace.policy.parameters = policy.parameters
        trace.limitAges(to: lifetime(under: policy).shortest_ms)
        trace.keepSignedIn(upkeep(under: policy))
        return trace
    }
}

extension Trace {
    /// Lets credentials that live only so long be half as old at most, and the clock stop before they expire.
    fileprivate mutating func limitAges(to shortest_ms: Int64) {
        let most_ms = max(0, shortest_ms / 2)
        var oldest_ms: Int64 = 0
        func limit(_ slots: inout [Slot]) {
            for index in slots.indices where slots[index].state != .expired {
                if slots[index].age_ms > most_ms { slots[index].age_ms %= most_ms + 1 }
                oldest_ms = max(oldest_ms, slots[index].age_ms)
            }
        }
        limit(&shared)
        for client in clients.indices { limit(&clients[client].slots) }
        clock.horizon_ms = min(clock.horizon_ms, max(0, shortest_ms - oldest_ms - 1000))
    }

    /// Puts what the strategy needs before the requests of users.
    fileprivate mutating func keepSignedIn(_ upkeep: CredentialUpkeep) {
        switch upkeep {
        case .none: return
        case .renewal(let after_ms):
            guard let userRate_perSecond else { return }
            let share = min(1, 1000 / (userRate_perSecond * Double(max(1, after_ms))))
            for client in clients.indices {
                // No two clients renew at once because they began alike.
                clients[client].renew(share, from: (Double(client) + 0.5) / Double(clients.count))
            }
        case .signInForEachRequest:
            for client in clients.indices { clients[client].signInForEachRequest() }
        }
    }
}

extension ClientTrace {
    /// Puts a renewal before one request in 1 / `share`, evenly.
    ///
    /// Sessions that all clients share are renewed by nobody: the next request of a session of its own takes their turn.
    fileprivate mutating func renew(_ share: Double, from offset: Double) {
        var due = offset
        for index in operations.indices where operations[index].kind == .authenticate {
            due += share
            guard due >= 1, operations[index].slot < slots.count else { continue }
            due -= 1
            operations[index].upkeep = .renew
        }
    }

    fileprivate mutating func signInForEachRequest() {
        for index in operations.indices where operations[index].kind == .authenticate {
            operations[index].upkeep = .login
        }
    }
}
