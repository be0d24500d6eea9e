import AuthCore
import Dispatch
import Synchronization

/// CRD-09: a credential that serves one request.
extension Trial where S: ~Copyable {
    mutating func checkOneUse() throws {
        let credential = try here.login(alice, at: start)
        try mustAccept(credential.headerLine, "a credential that nobody has used")
        try mustRefuse(credential.headerLine, "a credential that was used")
        try mustRefuseThere(credential.headerLine, "a credential that was used", at: start)
        guard case .refused = try there.renew(credential, at: start) else {
            throw BreachError("a credential that was used is renewed")
        }
        let renewed = try here.login(alice, at: start)
        if case .renewed(let fresh) = try here.renew(renewed, at: start) {
            try mustRefuseThere(renewed.headerLine, "a credential that was exchanged", at: start)
            try mustAccept(fresh.headerLine, "the credential that took its place")
        }
        let clients = try (0..<32).map { _ in Mutexed(try Watched<S>(sharing: shared)) }
        for _ in 0..<8 { try race(try here.login(alice, at: start), among: clients) }
    }

    /// All present it at once, each over a connection of its own.
    private mutating func race(_ credential: Credential, among clients: [Mutexed<Watched<S>>]) throws {
        let (ready, begin, group) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchGroup()
        )
        let accepted = Atomic(0)
        let failure = Mutex<(any Error)?>(nil)
        let (owner, now) = (alice, start)
        for client in clients {
            DispatchQueue(label: "racer").async(group: group) {
                ready.signal()
                begin.wait()
                do {
                    let decision = try client.value.withLock { try $0.authenticate(credential, at: now) }
                    if decision == .accepted(owner) { accepted.add(1, ordering: .relaxed) }
                } catch { failure.withLock { $0 = error } }
            }
        }
        for _ in clients { ready.wait() }
        for _ in clients { begin.signal() }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw fault("an error in the race", error) }
        let count = accepted.load(ordering: .relaxed)
        try require(
            count == 1, "of \(clients.count) who presented a credential at once, \(count) were let in")
    }
}
