import AuthCore

/// One of several clients that share a jar, on its way through a phase.
struct JarReplay: ~Copyable {
    let jar: Jar
    private var line: [UInt8] = []
    private let scope = Scope.read

    init(_ jar: Jar) { self.jar = jar }

    mutating func run<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, on strategy: inout S, into recorder: inout Recorder, by monotonic: MonotonicClock,
        stop: StopFlag
    ) {
        if let due = phase.due {
            replayOpenLoop(phase, due, on: &strategy, into: &recorder, by: monotonic, stop: stop)
        } else {
            replayClosedLoop(phase, on: &strategy, into: &recorder, by: monotonic, stop: stop)
        }
    }

    /// Sends each request as soon as the one before is answered, as `ClientState.replayClosedLoop` does.
    private mutating func replayClosedLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, on strategy: inout S, into recorder: inout Recorder, by monotonic: MonotonicClock,
        stop: StopFlag
    ) {
        let count = phase.operations(of: jar.client)
        var start_ns = monotonic.now_ns
        let first_ns = start_ns
        while start_ns < phase.end_ns, !stop.isRaised, let errand = jar.claim(with: &line) {
            recorder.slice =
                phase.counts.isEmpty
                ? phase.slice(at: start_ns) : min(Phase.slices - 1, errand.index * Phase.slices / count)
            let kind = errand.operation.kind
            do {
                let judgement = try perform(errand, on: &strategy)
                let end_ns = monotonic.now_ns
                recorder.record(kind, end_ns &- start_ns, judgement)
                start_ns = end_ns
            } catch {
                recorder.record(kind, error: error)
                start_ns = monotonic.now_ns
            }
        }
        recorder.span_ns = first_ns..<start_ns
    }

    /// Sends each request when it is due or as soon after as a client of the jar is free, as `ClientState.replayOpenLoop` does.
    private mutating func replayOpenLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, _ due: DueRequests, on strategy: inout S, into recorder: inout Recorder,
        by monotonic: MonotonicClock, stop: StopFlag
    ) {
        var free_ns = monotonic.now_ns
        let first_ns = free_ns
        var failure: (any Error)?
        while !stop.isRaised, free_ns < phase.end_ns || phase.isDrained, var errand = jar.claim() {
            let intended_ns = phase.start_ns &+ due.offset_ns(of: jar.arrivals.time_ns(of: errand.index))
            if failure == nil {
                if free_ns <= intended_ns {
                    monotonic.rest(until_ns: intended_ns, stop: stop)
                    free_ns = monotonic.now_ns
                    if !stop.isRaised { recorder.recordLag(free_ns - intended_ns) }
                } else {
                    recorder.recordLate(isBacklog: free_ns >= phase.end_ns)
                }
            }
            let kind = errand.operation.kind
            recorder.slice = phase.slice(at: free_ns)
            do {
                if let failure {
                    jar.fail(errand)
                    throw failure
                }
                jar.depart(&errand, with: &line)
                let judgement = try perform(errand, on: &strategy)
                let end_ns = monotonic.now_ns
                recorder.record(
                    kind, service_ns: end_ns - free_ns, response_ns: end_ns - intended_ns, judgement)
                free_ns = end_ns
            } catch {
                recorder.record(kind, error: error)
                free_ns = monotonic.now_ns
                if free_ns >= phase.end_ns { failure = error }
            }
        }
        recorder.span_ns = first_ns..<free_ns
    }

    private func perform<S: AuthStrategy & ~Copyable>(
        _ errand: Jar.Errand, on strategy: inout S
    ) throws -> Judgement {
        do {
            guard let credential = errand.credential else {
                return jar.finish(
                    errand, try strategy.authenticate(line.span, requiring: scope, at: errand.now))
            }
            switch errand.operation.kind {
            case .login: jar.finishLogin(errand, try strategy.login(errand.subject, at: errand.now))
            case .renew: return jar.finishRenewal(errand, try strategy.renew(credential, at: errand.now))
            default:
                try strategy.logout(credential, at: errand.now)
                jar.finishLogout(errand)
            }
            return .done
        } catch {
            jar.fail(errand)
            throw error
        }
    }
}
