import AuthCore

/// What the harness reads around and in a measurement, handed in so that it knows no operating system.
package struct Instruments: Sendable {
    package var timepiece: Timepiece
    /// CPU time of the calling thread so far, in nanoseconds.
    package var threadCPU_ns: @Sendable () -> UInt64
    /// Called on the client's thread before each phase, so that the system wakes it in time.
    package var settle: @Sendable () -> Void
    /// Begins to observe the machine for a measurement of a strategy; the closure it returns ends that.
    package var observe: @Sendable (StrategyDescriptor) -> @Sendable () -> Usage
    package var storeCPUSource: @Sendable (StrategyDescriptor) -> StoreCPUSource

    /// How long no client need finish anything before a strategy hangs.
    package var patience_s = 60.0
    /// The same while credentials are issued: what is asked at once are hundreds of sign-ins.
    package var loadingPatience_s: Double { 5 * patience_s }

    package init(
        timepiece: Timepiece, threadCPU_ns: @escaping @Sendable () -> UInt64 = { 0 },
        settle: @escaping @Sendable () -> Void = {},
        storeCPUSource: @escaping @Sendable (StrategyDescriptor) -> StoreCPUSource = { _ in .none },
        observe: @escaping @Sendable (StrategyDescriptor) -> @Sendable () -> Usage = { _ in { Usage() } }
    ) {
        self.timepiece = timepiece
        self.threadCPU_ns = threadCPU_ns
        self.settle = settle
        self.storeCPUSource = storeCPUSource
        self.observe = observe
    }
}
