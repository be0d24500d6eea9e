import AuthCore

extension ProbeLog {
    /// Sends requests until the phase ends, noting each.
    ///
    /// Where revocation is immediate, a slow store may withdraw for longer than the phase: then they go on until a while
    /// after the last withdrawal, so that each is seen refused, but for no more than four phases.
    mutating func probe<S: AuthStrategy & ~Copyable>(
        _ scene: ExposureScene, _ phase: Phase, client: Int, on strategy: inout S
    ) throws {
        let (wallet, timepiece) = (scene.wallet, scene.timepiece)
        let count = wallet.subjects.count
        var order = ProbeOrder(count: count, start: client &* count / 7)
        var acknowledged = scene.acknowledged.load(ordering: .acquiring)
        var began_ns = timepiece.now_ns
        let isImmediate = scene.timetable.promise == .immediate
        let latest_ns = phase.start_ns + phase.duration_ns * (isImmediate ? 4 : 1)
        var end_ns = isImmediate ? latest_ns : phase.end_ns
        while began_ns < end_ns, !scene.stop.isRaised {
            let index = order.next(acknowledged: acknowledged, self)
            let decision = try strategy.authenticate(
                wallet.bytes.span.extracting(wallet.range(index)), requiring: .probed,
                at: scene.timetable.instant(at: began_ns, start_ns: phase.start_ns))
            let after = scene.acknowledged.load(ordering: .acquiring)
            let ended_ns = timepiece.now_ns
            note(
                index, decision, of: wallet.subjects[index], began_ns: began_ns,
                isAfter: index < acknowledged, isContested: index >= acknowledged && index < after)
            // What was acknowledged by now was so before the next request begins.
            acknowledged = after
            began_ns = ended_ns
            if acknowledged == count, end_ns == latest_ns {
                end_ns = min(latest_ns, max(phase.end_ns, ended_ns + phase.duration_ns / 5))
            }
        }
    }
}

extension Scope {
    /// What the probed route requires: granted to everybody at first.
    static let probed = Self("write")
}
