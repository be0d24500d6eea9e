import AuthCore

/// Strategies kept ready to be measured in short slices of a fixed number of operations, whichever is asked for next.
package final class SliceRunner {
    /// A strategy on one trace.
    package struct Case {
        package var strategy: StrategyChoice
        package var trace: Trace

        package init(strategy: StrategyChoice, trace: Trace) {
            self.strategy = strategy
            self.trace = trace
        }
    }

    /// What one slice gave.
    package struct Slice: Sendable {
        /// From the opening of the start barrier until the last client finished.
        package var wall_ns: UInt64
        /// CPU time of the clients' threads.
        package var cpu_ns: UInt64
        /// That the clients sent to the store.
        package var storeCommands: Int
        package var usage: Usage
        package var tally: Tally
        /// Service times of all operations of the slice.
        package var service: LatencyHistogram
        package var firstError: String?
    }

    private let contenders: [any AnyStrategyRunner]
    private let boxes: [[RecorderBox]]
    private let instruments: Instruments
    private let stop = StopFlag()

    /// Makes and loads all cases; those of one strategy and touch policy share its keys.
    ///
    /// - Parameters:
    ///   - cases: in the order to which indices refer.
    ///   - environment: where the stores are.
    ///   - cores: how many clients load at once.
    ///   - instruments: what is read around each slice.
    /// - Throws: what a strategy threw.
    package init(
        _ cases: [Case], in environment: Environment, cores: Int, instruments: Instruments
    ) throws {
        self.instruments = instruments
        var contenders: [Int: any AnyStrategyRunner] = [:]
        let alike = Dictionary(grouping: cases.indices) { index in
            "\(cases[index].strategy.descriptor.id) \(cases[index].trace.policy.touch)"
        }
        for indices in alike.values {
            guard let first = indices.first else { continue }
            let strategy = cases[first].strategy
            var environment = environment
            let policy = cases[first].trace.policy
            // A database is made anew by whoever prepares a strategy on it.
            if policy.touch != environment.policy.touch { environment.sqlite.path += "-\(policy.touch)" }
            environment.policy = policy
            let own = try strategy.type.contenders(
                traces: indices.map { cases[$0].trace }, environment: strategy.environment(environment),
                hostile: nil)
            for (index, runner) in zip(indices, own) {
                _ = try runner.load(
                    width: cores, patience_s: instruments.patience_s, stop: stop, progress: { _ in })
                contenders[index] = runner
            }
        }
        self.contenders = cases.indices.compactMap { contenders[$0] }
        boxes = cases.map { item in
            item.trace.clients.map { RecorderBox(item.trace.recordedKinds(of: $0), isOpenLoop: false) }
        }
    }

    package var count: Int { contenders.count }

    /// Lets the clients of a case replay so many operations together from where they stand.
    ///
    /// - Throws: `TooFewThreadsError` when they cannot all run at once, `HangError` when nothing gets on.
    package func measure(_ item: Int, operations: Int) throws -> Slice {
        let replay = try contenders[item].replay(
            .operations(operations), isWarmUp: false, into: boxes[item], by: instruments, stop: stop)
        return Slice(
            wall_ns: replay.wall_ns, cpu_ns: replay.clientCPU_ns,
            storeCommands: replay.storeCommands, usage: replay.usage,
            tally: replay.operations.reduce(into: Tally()) { $0 += $1.tally },
            service: LatencyHistogram(merging: replay.operations.map(\.service.total)),
            firstError: replay.errors.count > 0 ? replay.errors.text : nil)
    }
}
