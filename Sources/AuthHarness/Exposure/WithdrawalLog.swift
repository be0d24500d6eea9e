import AuthCore

/// What the client that withdraws did.
struct WithdrawalLog: Sendable {
    /// How the withdrawn credential stood just before.
    enum State: Sendable { case alive, expired, wrong }

    /// One withdrawal, in real time.
    struct Entry: Sendable {
        var state: State
        /// How long after it was due.
        var lag_ns: UInt64
        var acknowledged_ns: UInt64
    }

    /// In the order of the tasks; fewer when the strategy threw.
    var entries: [Entry] = []
    var errors = ErrorKinds()

    mutating func withdraw<S: AuthStrategy & ~Copyable>(
        _ scene: ExposureScene, _ phase: Phase, on strategy: inout S
    ) throws {
        let (wallet, timepiece) = (scene.wallet, scene.timepiece)
        for (index, task) in scene.timetable.tasks.enumerated() {
            let due_ns = phase.start_ns + task.due_ns
            timepiece.rest(until_ns: due_ns, stop: scene.stop)
            if scene.stop.isRaised { return }
            let begin_ns = timepiece.now_ns
            let now = scene.timetable.instant(at: begin_ns, start_ns: phase.start_ns)
            let credential = wallet.credential(index)
            let decision = try strategy.authenticate(credential, requiring: .probed, at: now)
            try strategy.withdraw(task.withdrawal, credential, of: task.subject, at: now)
            let acknowledged_ns = timepiece.now_ns
            scene.acknowledged.store(index + 1, ordering: .releasing)
            entries.append(
                Entry(
                    state: State(decision, of: task.subject), lag_ns: begin_ns - due_ns,
                    acknowledged_ns: acknowledged_ns))
        }
    }
}

extension WithdrawalLog.State {
    fileprivate init(_ decision: Decision, of subject: Subject) {
        switch decision {
        case .accepted(subject): self = .alive
        case .refused(.expired): self = .expired
        case .accepted, .refused: self = .wrong
        }
    }
}

extension AuthStrategy where Self: ~Copyable {
    fileprivate mutating func withdraw(
        _ withdrawal: Withdrawal, _ credential: Credential, of subject: Subject, at now: Instant
    ) throws {
        switch withdrawal {
        case .logout: try logout(credential, at: now)
        case .permissionChange: try changeGrant(of: subject, to: "read", at: now)
        }
    }
}
