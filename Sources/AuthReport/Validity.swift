import AuthCore
import AuthStatistics

/// Why the numbers of a measurement must not be used.
package struct Invalidity: Sendable, Equatable {
    /// What kind of fault it is, the gravest first: it decides the exit status of a run.
    package enum Kind: Int, Sendable, Comparable {
        case wrongDecision, error, nothingMeasured, disturbed

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    package var kind: Kind
    /// One phrase for the user.
    package var reason: String
}

extension RepeatMeasurement {
    /// The faults of this measurement, the gravest first; empty when its numbers may be used.
    package var invalidities: [Invalidity] {
        let total = total
        var faults: [Invalidity] = []
        func note(_ kind: Invalidity.Kind, _ reason: String) {
            faults.append(.init(kind: kind, reason: reason))
        }
        if total.falseAccepts > 0 { note(.wrongDecision, "\(total.falseAccepts) false accepts") }
        if total.falseRejects > 0 { note(.wrongDecision, "\(total.falseRejects) false rejects") }
        if total.errors > 0 { note(.error, "\(total.errors) errors, the first: \(firstError ?? "unknown")") }
        if total.completed == 0 { note(.nothingMeasured, "nothing completed") }
        guard faults.isEmpty else { return faults }
        // In less time the kernel's hundredths of a second are too coarse to judge by.
        let disturbances =
            wall_ns < ValidityRule.shortest_ns
            ? [] : [throttling, steal, swapping, foreignLoad]
        for reason in [overload, lateHarness, standstill, clipping, idleness, lostTime] + disturbances {
            if let reason { note(.disturbed, reason) }
        }
        return faults
    }

    /// All reasons in one line, or `nil` when the numbers may be used.
    package var invalidReason: String? {
        let faults = invalidities
        return faults.isEmpty ? nil : faults.map(\.reason).joined(separator: "; ")
    }

    /// More than 1 % of the arrivals still waited when the last one was due.
    private var overload: String? {
        guard let openLoop, Double(openLoop.backlog) > 0.01 * Double(openLoop.arrivals) else { return nil }
        let share = Double(openLoop.backlog) / Double(max(1, openLoop.arrivals)) * 100
        return "overload: \(share.formatted(digits: 1)) % of the arrivals still waited when the last was due,"
            + " \(operationsPerSecond.formatted(digits: 0)) of \(openLoop.targetRate.formatted(digits: 0))"
            + " per second were done"
    }

    private var lateHarness: String? {
        guard let openLoop, ValidityRule.isLate(openLoop.lateWakes, of: openLoop.wakes) else { return nil }
        let share = Double(openLoop.lateWakes) / Double(openLoop.wakes) * 100
        return "the machine woke idle clients late: \(openLoop.lateWakes) of \(openLoop.wakes) times"
            + " (\(share.formatted(digits: 1)) %) by more than 1 ms"
    }

    private var standstill: String? {
        guard let time_ns = usage.standstill_ns, time_ns > ValidityRule.longestStandstill_ns else {
            return nil
        }
        return "standstill: the whole process was stopped for \(TextTable.time(time_ns))"
    }

    private var clipping: String? {
        guard clippedTimes > 0 else { return nil }
        return
            "\(clippedTimes) times were longer than can be recorded, \(TextTable.time(BucketLayout.longest_ns))"
    }

    private var foreignLoad: String? {
        guard let share = usage.foreignCPU_share, let processors = usage.processors,
            ValidityRule.isForeignLoad(
                share, pressure: usage.cpuPressure_share, clients: openLoop == nil ? clients : nil,
                processors: processors, limit_cores: usage.processorLimit_cores)
        else { return nil }
        return "other processes took \((share * 100).formatted(digits: 0)) % of the processors"
    }

    private var throttling: String? {
        guard let throttled_ns = usage.throttled_ns, Double(throttled_ns) > 0.01 * Double(wall_ns) else {
            return nil
        }
        return "throttled: the control group's processor limit held it up for \(TextTable.time(throttled_ns))"
    }

    private var steal: String? {
        guard let share = usage.steal_share, share > 0.1 else { return nil }
        return "the hypervisor gave \((share * 100).formatted(digits: 0)) % of the processors to others"
    }

    /// A few pages may belong to anybody; a mebibyte is activity.
    private var swapping: String? {
        guard let pages = usage.swappedIn_pages, pages > 256 else { return nil }
        return "\(pages) pages were read back from swap"
    }

    /// In an open loop there may have been nothing for them to do.
    private var idleness: String? {
        guard idleClients > 0, openLoop == nil else { return nil }
        return "\(idleClients) of \(clients) clients never ran: measure longer, or with fewer clients"
    }

    private var lostTime: String? {
        guard let residual = little_residual, abs(residual) > 0.02 else { return nil }
        return "harness fault: \((residual * 100).formatted(digits: 1)) % off Little's law"
    }

    /// What a strategy that computes on threads of its own should know; the row stays valid, as CPU per operation is that of
    /// the whole process.
    ///
    /// Below 10 ms it is the start and end of the measurement itself.
    package var helperThreads: String? {
        guard let residual = utilization_residual, residual > 0.03,
            usage.cpu_ns - clientCPU_ns > 10_000_000
        else { return nil }
        return "\(strategy) has threads beside its clients' (async code and NIO do), which took"
            + " \((residual * 100).formatted(digits: 0)) % more CPU time; CPU per operation counts it, service times"
            + " contain the waiting for them"
    }
}

/// The rules that follow from a row of `throughput.csv`, by which `validate` judges it again.
enum ValidityRule {
    /// In less time the kernel's hundredths of a second are too coarse to judge by.
    static let shortest_ns: UInt64 = 200_000_000

    /// An idle client that is woken later than this is late.
    static let latestWake_ns: UInt64 = 1_000_000

    /// Whether the 99 % point of the lag is above 1 ms, for any number of wake-ups: whether late ones are more than one
    /// in a hundred, proved with 97.5 %.
    static func isLate(_ late: UInt64, of wakes: UInt64) -> Bool {
        BinomialInterval.proves(late, of: wakes, above: 0.01)
    }

    /// A stop of 100 ms shows as 80 to 100 ms, as the watchdog's own sleep of 20 ms is no standstill.
    static let longestStandstill_ns: UInt64 = 79_000_000

    /// The share of the processors that other processes may take.
    ///
    /// On one processor of its own a run saw 0 to 3 % of others; one endless loop beside eight clients on two processors
    /// took 30 to 50 %, two beside one client on one processor 53 to 58 %.
    static let foreignShare = 0.15

    /// Whether other processes took what the clients needed.
    ///
    /// A run with more clients than processors waits for itself, so that waiting alone proves nothing: others must have
    /// taken their share, and either left less than the clients would have used, or somebody waited.
    ///
    /// - Parameters:
    ///   - share: of the processors, taken by others.
    ///   - pressure: the share of the time in which anything waited for a processor, where it is known.
    ///   - clients: those that never rest; `nil` in an open loop.
    ///   - processors: on which the process may run.
    ///   - limit_cores: how many processors' time the control group allows.
    /// - Returns: whether the row must not be used.
    static func isForeignLoad(
        _ share: Double, pressure: Double?, clients: Int?, processors: Int, limit_cores: Double?
    ) -> Bool {
        guard share > foreignShare else { return false }
        let needed = clients.map { min(Double($0), limit_cores ?? .infinity) } ?? 0
        return needed > Double(processors) * (1 - share) || pressure ?? 0 > 0.1
    }
}

extension OpenLoop {
    /// Arrivals for which an idle client had to be woken.
    var wakes: UInt64 { scheduleLag.count }
    var lateWakes: UInt64 { scheduleLag.count(above: ValidityRule.latestWake_ns) }
}
