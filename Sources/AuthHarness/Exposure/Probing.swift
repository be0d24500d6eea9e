import AuthCore

extension ProbeLog {
    /// Sends requests until the phase ends, noting each.
    mutating func probe<S: AuthStrategy & ~Copyable>(
        _ scene: ExposureScene, _ phase: Phase, client: Int, on strategy: inout S
    ) throws {
        let (wallet, timepiece) = (scene.wallet, scene.timepiece)
        let count = wallet.subjects.count
        var order = ProbeOrder(count: count, start: client &* count / 7)
        var acknowledged = scene.acknowledged.load(ordering: .acquiring)
        var began_ns = timepiece.now_ns
        while began_ns < phase.end_ns, !scene.stop.isRaised {
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
        }
    }
}

extension Scope {
    /// What the probed route requires: granted to everybody at first.
    static let probed = Self("write")
}
