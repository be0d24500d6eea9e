import AuthCore

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
        let disturbances = wall_ns < 200_000_000 ? [] : [throttling, steal, swapping, strangeLoad]
        for reason in [overload, lateHarness, idleness, lostTime] + disturbances {
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
        guard let lag_ns = openLoop?.scheduleLag.supported_ns(0.99), lag_ns > 1_000_000 else { return nil }
        return "the machine woke idle clients \(TextTable.time(lag_ns)) late (p99), more than 1 ms"
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

    /// Below 10 ms it is the start and end of the measurement itself.
    private var strangeLoad: String? {
        guard let residual = utilization_residual, residual > 0.03,
            usage.cpu_ns - clientCPU_ns > 10_000_000
        else { return nil }
        return "\((residual * 100).formatted(digits: 1)) % more CPU time was used than the clients' own"
    }
}
