import AuthCore
import AuthStatistics
import Backends

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
    package var invalidities: [Invalidity] { ValidityFacts(self).invalidities }

    /// All reasons in one line, or `nil` when the numbers may be used.
    package var invalidReason: String? {
        let faults = invalidities
        return faults.isEmpty ? nil : faults.map(\.reason).joined(separator: "; ")
    }

    /// What a strategy that computes on threads of its own should know; the row stays valid, as CPU per operation is that of
    /// the whole process.
    ///
    /// Below 10 ms it is the start and end of the measurement itself.
    package var helperThreads: String? {
        guard let residual = utilization_residual, residual > 0.03,
            usage.cpu_ns - clientCPU_ns > 10_000_000
        else { return nil }
        return "\(strategy) has threads beside its clients', as async code and NIO have: they took"
            + " \((residual * 100).formatted(digits: 0)) % more CPU time. CPU per operation includes it; service times"
            + " include the wait for these threads."
    }
}

/// What decides whether a row of `throughput.csv` may be used, in the precision of the file: who writes the row and who
/// checks it come to the same.
package struct ValidityFacts {
    var falseAccepts: UInt64 = 0
    var falseRejects: UInt64 = 0
    var errors: UInt64 = 0
    var completed: UInt64 = 0
    /// What the store lost; good credentials are then refused for its sake.
    var storeLoss: String?
    /// Each kind of error with its count, where it is known.
    var errorText: String?
    var wall_ns: UInt64 = 0
    var clients = 0
    /// `nil` in a closed loop.
    var targetRate: Double?
    var backlog: UInt64 = 0
    var wakes: UInt64 = 0
    var lateWakes: UInt64 = 0
    var standstill_ns: UInt64?
    var clippedTimes: UInt64 = 0
    /// How far away the store was to be, and was; `nil` without a relay.
    var storeRTTAsked_ns: UInt64?
    var storeRTT_ns: UInt64?
    var idleClients = 0
    var little_residual: Double?
    var foreignCPU_share: Double?
    var cpuPressure_share: Double?
    var steal_share: Double?
    var throttled_ns: UInt64?
    var swappedIn_pages: UInt64?
    /// On which the process may run.
    var processors: Int?
    /// How many processors' time the control group allows.
    var limit_cores: Double?

    init(_ measurement: RepeatMeasurement) {
        let (total, usage) = (measurement.total, measurement.usage)
        (falseAccepts, falseRejects) = (total.falseAccepts, total.falseRejects)
        (errors, completed) = (total.errors, measurement.completed)
        (storeLoss, errorText) = (measurement.storeLoss, measurement.errors.text)
        (wall_ns, clients) = (measurement.wall_ns, measurement.clients)
        if let openLoop = measurement.openLoop {
            targetRate = openLoop.targetRate
            (backlog, wakes, lateWakes) = (openLoop.backlog, openLoop.wakes, openLoop.lateWakes)
        }
        (clippedTimes, idleClients) = (measurement.clippedTimes, measurement.idleClients)
        standstill_ns = usage.standstill_ns
        (storeRTTAsked_ns, storeRTT_ns) = (usage.storeDistance?.asked_ns, usage.storeDistance?.p50_ns)
        little_residual = Self.written(measurement.little_residual, 5)
        foreignCPU_share = Self.written(usage.foreignCPU_share, 5)
        cpuPressure_share = Self.written(usage.cpuPressure_share, 5)
        steal_share = Self.written(usage.steal_share, 5)
        (throttled_ns, swappedIn_pages) = (usage.throttled_ns, usage.swappedIn_pages)
        (processors, limit_cores) = (usage.processors, usage.processorLimit_cores)
    }

    package init(_ row: TableRow, on machine: MachineRecord) {
        func count(_ name: String) -> UInt64 { row.count(name) ?? 0 }
        (falseAccepts, falseRejects) = (count("false_accepts"), count("false_rejects"))
        (errors, completed) = (count("errors"), count("operations"))
        storeLoss = row["store_loss"].isEmpty ? nil : row["store_loss"]
        (wall_ns, clients) = (count("wall_ns"), Int(clamping: count("clients")))
        targetRate = row.number("target_rate")
        (backlog, wakes, lateWakes) = (count("backlog_operations"), count("wakes"), count("late_wakes"))
        (clippedTimes, idleClients) = (count("clipped_times"), Int(clamping: count("idle_clients")))
        standstill_ns = row.count("standstill_ns")
        (storeRTTAsked_ns, storeRTT_ns) = (row.count("store_rtt_asked_ns"), row.count("store_rtt_p50_ns"))
        little_residual = row.number("little_residual")
        foreignCPU_share = row.number("foreign_cpu_share")
        cpuPressure_share = row.number("cpu_pressure_share")
        steal_share = row.number("steal_share")
        (throttled_ns, swappedIn_pages) = (row.count("throttled_ns"), row.count("swapped_in_pages"))
        (processors, limit_cores) = (machine.cores, machine.cgroup?.cpu_quota_cores)
    }

    private static func written(_ value: Double?, _ digits: Int) -> Double? {
        value.flatMap { Double($0.formatted(digits: digits)) }
    }

    /// The faults, the gravest first; empty when the numbers may be used.
    package var invalidities: [Invalidity] {
        var faults: [Invalidity] = []
        func note(_ kind: Invalidity.Kind, _ reason: String) {
            faults.append(.init(kind: kind, reason: reason))
        }
        if falseAccepts > 0 { note(.wrongDecision, "\(falseAccepts) false accepts") }
        if falseRejects > 0 {
            let text = "\(falseRejects) false rejects"
            if let storeLoss {
                note(.error, "\(text), because \(storeLoss)")
            } else {
                note(.wrongDecision, text)
            }
        }
        if errors > 0 { note(.error, "\(errors) errors: \(errorText ?? "")") }
        if completed == 0 { note(.nothingMeasured, "nothing completed") }
        guard faults.isEmpty else { return faults }
        // In less time the kernel's hundredths of a second are too coarse to judge by.
        let disturbances =
            wall_ns < ValidityRule.shortest_ns
            ? [] : [throttling, steal, swapping, foreignLoad]
        for reason in [overload, distance, lateHarness, standstill, clipping, idleness, lostTime]
            + disturbances
        {
            if let reason { note(.disturbed, reason) }
        }
        return faults
    }

    /// What disturbed the measurement from outside, in one phrase; `nil` where nothing did.
    var machineFault: String? {
        [distance, standstill, throttling, steal, swapping, foreignLoad].lazy.compactMap(\.self).first
    }

    /// How those that send the requests were late, in one phrase; `nil` where they were not.
    var harnessFault: String? { lateHarness }

    /// More than 1 % of the arrivals still waited when the last one was due.
    private var overload: String? {
        let arrivals = completed + errors
        guard let targetRate, Double(backlog) > 0.01 * Double(arrivals) else { return nil }
        let share = Double(backlog) / Double(max(1, arrivals)) * 100
        let perSecond = wall_ns == 0 ? 0 : Double(completed) * 1e9 / Double(wall_ns)
        return
            "overload: \(share.formatted(digits: 1)) % of the requests still waited when the last one was due;"
            + " \(perSecond.formatted(digits: 0)) of \(targetRate.formatted(digits: 0))"
            + " per second were answered"
    }

    private var distance: String? {
        storeRTTAsked_ns.flatMap { StoreDistance(asked_ns: $0, p50_ns: storeRTT_ns).fault }
    }

    private var lateHarness: String? {
        guard ValidityRule.isLate(lateWakes, of: wakes) else { return nil }
        let share = Double(lateWakes) / Double(wakes) * 100
        return "the machine woke idle clients late: \(lateWakes) of \(wakes) times"
            + " (\(share.formatted(digits: 1)) %) by more than 1 ms"
    }

    private var standstill: String? {
        guard let standstill_ns, standstill_ns > ValidityRule.longestStandstill_ns else { return nil }
        return "standstill: the whole process was stopped for \(TextTable.time(standstill_ns))"
    }

    private var clipping: String? {
        guard clippedTimes > 0 else { return nil }
        return
            "\(clippedTimes) times were longer than can be recorded, which is \(TextTable.time(BucketLayout.longest_ns))"
    }

    private var foreignLoad: String? {
        guard let foreignCPU_share, let processors,
            ValidityRule.isForeignLoad(
                foreignCPU_share, pressure: cpuPressure_share, clients: targetRate == nil ? clients : nil,
                processors: processors, limit_cores: limit_cores)
        else { return nil }
        return "other processes took \((foreignCPU_share * 100).formatted(digits: 0)) % of the processors"
    }

    private var throttling: String? {
        guard let throttled_ns, Double(throttled_ns) > 0.01 * Double(wall_ns) else { return nil }
        return
            "throttled: the control group's processor limit held up the run for \(TextTable.time(throttled_ns))"
    }

    private var steal: String? {
        guard let steal_share, steal_share > 0.1 else { return nil }
        return
            "the hypervisor gave \((steal_share * 100).formatted(digits: 0)) % of the processors to others"
    }

    /// A few pages may belong to anybody; a mebibyte is activity.
    private var swapping: String? {
        guard let swappedIn_pages, swappedIn_pages > 256 else { return nil }
        return "\(swappedIn_pages) pages were read back from swap"
    }

    /// In an open loop there may have been nothing for them to do.
    private var idleness: String? {
        guard idleClients > 0, targetRate == nil else { return nil }
        return "\(idleClients) of \(clients) clients never ran: measure longer, or with fewer clients"
    }

    private var lostTime: String? {
        guard let little_residual, abs(little_residual) > 0.02 else { return nil }
        return
            "harness fault: clients, throughput and service time disagree by \((little_residual * 100).formatted(digits: 1)) % (Little's law)"
    }
}

extension StoreDistance {
    /// Why what was measured at this distance must not be used, if so.
    ///
    /// 0 asks for a relay without delay, which is as far as it is.
    package var fault: String? {
        guard asked_ns > 0, let p50_ns, !ValidityRule.isAsFar(p50_ns, as: asked_ns) else { return nil }
        return
            "the store was \(TextTable.time(p50_ns)) away, not \(TextTable.time(asked_ns)): the machine was too busy for the relay"
    }
}

/// The numbers in the rules of validity.
enum ValidityRule {
    /// A distance may be off by 5 %, or by 50 µs where that is more.
    static func isAsFar(_ time_ns: UInt64, as asked_ns: UInt64) -> Bool {
        abs(Double(time_ns) - Double(asked_ns)) <= max(0.05 * Double(asked_ns), 50_000)
    }

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
