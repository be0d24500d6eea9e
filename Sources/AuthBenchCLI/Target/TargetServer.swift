import AuthCore
import Backends
import Glibc

/// The processes of a target, where it runs on this machine: what they use is the target's, and no disturbance.
struct TargetServer: Sendable {
    /// Where it is; `nil` where that cannot be told.
    let topology: ServerTopology?
    private let port: UInt16
    /// What stands behind it, as its user says.
    private let further: [Int32]

    /// Asks the system once where the other end of a connection is.
    init?(_ choice: StrategyChoice) {
        guard choice.type == TargetStrategy.self,
            let address = HTTPAddress(url: choice.parameters["url"] ?? "")
        else { return nil }
        topology = address.topology()
        port = address.port
        further = (choice.parameters["processes"] ?? "").split(separator: ",").compactMap { Int32($0) }
    }

    /// Whether it is known to be on another machine, so that nothing of it is among the processes of this one.
    var isElsewhere: Bool { topology == .tcpRemote }

    /// All its processes and what these have started, but for this one; none where it is elsewhere, or hidden.
    func processIDs() -> [Int32] {
        guard !isElsewhere else { return [] }
        let all = (Listeners.processIDs(of: port) + further).flatMap { ProcessTree.of($0) }
        return Set(all).subtracting([getpid()]).sorted()
    }
}
