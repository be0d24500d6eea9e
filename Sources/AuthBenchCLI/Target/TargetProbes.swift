import AuthCore
import AuthHarness
import Backends

/// What is asked of every target before it is measured: a fresh credential works; none, a bent, an unknown and an ended one do not.
///
/// Those that the workload tries itself are left to it, and counted in the rows.
enum TargetProbes {
    /// Asks all targets of a run.
    ///
    /// - Throws: `CommandError`: 1 for a decision that is wrong, 65 for a contract that cannot fit, 2 for a server that fails.
    static func check(_ strategies: [StrategyChoice], of workload: Workload) throws {
        let targets = strategies.filter { $0.type == TargetStrategy.self }
        guard !targets.isEmpty else { return }
        // A server that does not answer is waited for: a signal meanwhile is told as any other time.
        let interruption = Interruption(stop: StopFlag(), cleanup: Cleanup())
        defer { interruption.end() }
        do { try check(all: targets, of: workload) } catch {
            guard let signal = interruption.signal else { throw error }
            throw CommandError.stopped(by: signal, in: nil)
        }
        if let signal = interruption.signal { throw CommandError.stopped(by: signal, in: nil) }
    }

    private static func check(all targets: [StrategyChoice], of workload: Workload) throws {
        let policy = workload.policy
        for choice in targets where choice.descriptor.transport != .none {
            var environment = Environment(policy: policy, sqlite: SQLiteSettings(path: ""))
            environment.policy = choice.policy(policy)
            let name = choice.descriptor.id
            do {
                let shared = try TargetStrategy.prepare(in: environment)
                var target = try TargetStrategy(sharing: shared)
                try check(&target, name, choice.descriptor.revocation, beside: workload.mix)
            } catch let error as CommandError {
                throw error
            } catch { throw CommandError.runtime("\(name): \(error)") }
        }
    }

    private static func check(
        _ target: inout TargetStrategy, _ name: String, _ promise: RevocationPromise,
        beside mix: Workload.Mix
    ) throws {
        let (subject, now) = (Subject(id: 1), Instant.traceStart)
        let good = try target.login(subject, at: now)
        guard case .accepted(let found) = try target.decide(good.headerLine, at: now) else {
            throw CommandError.badData(
                "\(name) refuses a credential that it has just issued: correct present, accepted or refused in the contract, or the server"
            )
        }
        guard found == subject else {
            throw wrong(name, "answers as user \(found.id) to a credential of user \(subject.id)")
        }
        var probes = [("lets in a request without a credential", [UInt8]())]
        if mix[.tampered] == 0 {
            probes.append(("accepts a credential of which one character was changed", bent(good.headerLine)))
        }
        if mix[.unknown] == 0 {
            let unknown = try target.issueFlawed(.unknown, to: subject, at: now)
            probes.append(("accepts a credential that nobody has issued", unknown.headerLine))
        }
        for (fault, line) in probes {
            if case .accepted = try target.decide(line, at: now) { throw wrong(name, fault) }
        }
        guard mix[.revoked] == 0, target.hasLogout, promise == .immediate else { return }
        let ended = try target.login(subject, at: now)
        try target.logout(ended, at: now)
        if case .accepted = try target.decide(ended.headerLine, at: now) {
            throw wrong(name, "accepts a credential after its logout, though its contract says immediate")
        }
    }

    /// With another letter or digit near the middle, where no encoding has bits that say nothing.
    private static func bent(_ line: [UInt8]) -> [UInt8] {
        var line = line
        let last = line.count * 3 / 4
        for index in stride(from: last, to: 0, by: -1) {
            switch line[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "8"), UInt8(ascii: "A")...UInt8(ascii: "Y"),
                UInt8(ascii: "a")...UInt8(ascii: "y"):
                line[index] += 1
                return line
            default: continue
            }
        }
        return line
    }

    private static func wrong(_ name: String, _ fault: String) -> CommandError {
        CommandError(
            status: ExitStatus.negative, message: "wrong decisions: \(name) \(fault): nothing was measured")
    }
}
