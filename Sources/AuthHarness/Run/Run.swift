import AuthCore

/// Runs strategies through one trace: prepares and loads each, then measures them repeat by repeat.
package struct Run: Sendable {
    /// Each client is a thread; this many connections are what a server is commonly asked to hold.
    package static let maximumClients = 1000

    /// What happens in a run, for progress and files.
    package enum Event: Sendable {
        case loading(strategy: String)
        /// With what a credential of each claim profile weighs.
        case loaded(CostReport)
        case measuring(strategy: String, repeatIndex: Int)
        case measured(RepeatMeasurement)
    }

    package var trace: Trace
    package var schedule: Schedule
    package var warmUp: Extent
    package var extent: Extent
    package var instruments: Instruments
    package var stop: StopFlag
    /// How many clients load at once.
    package var cores: Int
    /// Where the lines of hostile probes come from.
    package var hostile: (any HostileSource)?

    package init(
        trace: Trace, schedule: Schedule, warmUp: Extent, extent: Extent, cores: Int,
        stop: StopFlag, instruments: Instruments
    ) {
        self.cores = cores
        self.trace = trace
        self.schedule = schedule
        self.warmUp = warmUp
        self.extent = extent
        self.instruments = instruments
        self.stop = stop
    }

    /// Carries the run out, handing over each event as it happens.
    ///
    /// - Parameters:
    ///   - strategies: in the order to which the schedule's indices refer.
    ///   - environment: where the stores are.
    ///   - loadProgress: called from many threads with the number of credentials just issued.
    ///   - report: called on this thread.
    /// - Throws: `StoppedError` when the stop flag was raised, else what a strategy or `report` threw.
    package func execute(
        _ strategies: [StrategyChoice], in environment: Environment,
        loadProgress: @escaping @Sendable (Int) -> Void = { _ in },
        report: (Event) throws -> Void
    ) throws {
        var contenders: [any AnyStrategyRunner] = []
        for strategy in strategies {
            try report(.loading(strategy: strategy.descriptor.id))
            for runner in try strategy.type.contenders(
                traces: [trace], environment: strategy.environment(environment), hostile: hostile)
            {
                try report(
                    .loaded(
                        try runner.load(
                            width: cores, patience_s: instruments.loadingPatience_s, stop: stop,
                            progress: loadProgress)))
                contenders.append(runner)
            }
        }
        let boxes = trace.clients.flatMap { client in
            let kinds = trace.recordedKinds(of: client)
            return (0..<trace.requestsInParallel).map { _ in
                RecorderBox(kinds, isOpenLoop: trace.arrival != .closed)
            }
        }
        var runOrder = 0
        for (index, order) in schedule.repeats.enumerated() {
            for runner in order.map({ contenders[$0] }) {
                runOrder += 1
                try report(.measuring(strategy: runner.descriptor.id, repeatIndex: index + 1))
                let measurement = try measure(runner, repeatIndex: index + 1, runOrder: runOrder, boxes)
                // A measurement cut short says nothing that could be compared.
                if stop.isRaised { throw StoppedError() }
                try report(.measured(measurement))
            }
        }
    }

    private func measure(
        _ runner: any AnyStrategyRunner, repeatIndex: Int, runOrder: Int, _ boxes: [RecorderBox]
    ) throws -> RepeatMeasurement {
        _ = try runner.replay(warmUp, isWarmUp: true, into: boxes, by: instruments, stop: stop)
        let replay = try runner.replay(extent, isWarmUp: false, into: boxes, by: instruments, stop: stop)
        if let failure = replay.sweep?.failure { throw failure }
        return replay.measurement(
            of: runner.descriptor, repeatIndex: repeatIndex, runOrder: runOrder, clients: trace.clientCount,
            isByDuration: extent.duration_ns != nil, by: instruments)
    }
}

extension Replay {
    /// What was recorded, as one repeat.
    func measurement(
        of strategy: StrategyDescriptor, repeatIndex: Int, runOrder: Int, clients: Int, isByDuration: Bool,
        by instruments: Instruments
    ) -> RepeatMeasurement {
        var measurement = RepeatMeasurement(
            strategy: strategy.id, repeatIndex: repeatIndex, runOrder: runOrder, clients: clients,
            operations: operations, wall_ns: wall_ns, usage: usage)
        measurement.isByDuration = isByDuration
        measurement.startedUnix_ns = startedUnix_ns
        measurement.clientCPU_ns = clientCPU_ns
        measurement.idleClients = idleClients
        measurement.little_residual = little_residual
        measurement.openLoop = openLoop
        measurement.storeCPUSource = instruments.storeCPUSource(strategy)
        measurement.errors = errors
        measurement.sweptSessions = sweep?.deleted
        measurement.touchFailures = touchFailures
        measurement.storeRoundTrips = storeRoundTrips
        measurement.renewals = renewals
        return measurement
    }
}
