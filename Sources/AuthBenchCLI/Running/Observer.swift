import AuthCore
import AuthHarness
import Backends
import Foundation

/// Reads what a measurement took from the machine: by counters before and after it.
struct Observer: Sendable {
    /// The private redis-server, whose processor time the system tells; `nil` where there is none.
    let serverID: Int32?

    func storeCPUSource(_ strategy: StrategyDescriptor) -> StoreCPUSource {
        if strategy.stores.contains(.redis) { return serverID == nil ? .foreignServer : .privateServer }
        return strategy.stores.isEmpty ? .none : .inProcess
    }

    func observe(_ strategy: StrategyDescriptor) -> @Sendable () -> Usage {
        let before = Reading(storeID: strategy.stores.contains(.redis) ? serverID : nil)
        return { before.usage(until: Reading(storeID: before.storeID)) }
    }

    var instruments: Instruments {
        Instruments(
            timepiece: Timepiece(sleep: PreciseTimer.sleep), threadCPU_ns: ProcessCPU.usedByThread_ns,
            settle: PreciseTimer.settle, storeCPUSource: storeCPUSource, observe: observe)
    }

    private struct Reading: Sendable {
        let storeID: Int32?
        let cpu_ns = ProcessCPU.used_ns()
        let storeCPU_ns: UInt64?
        let switches = ContextSwitches.current()
        let kernel = KernelCounters.current()

        init(storeID: Int32?) {
            self.storeID = storeID
            storeCPU_ns = storeID.flatMap(OtherProcessCPU.used_ns)
        }

        func usage(until end: Self) -> Usage {
            var usage = Usage()
            usage.cpu_ns = end.cpu_ns - cpu_ns
            usage.storeCPU_ns = difference(storeCPU_ns, end.storeCPU_ns)
            usage.voluntarySwitches = end.switches.voluntary - switches.voluntary
            usage.involuntarySwitches = end.switches.involuntary - switches.involuntary
            let spent = end.kernel.since(kernel)
            usage.throttled_ns = spent.throttled_ns
            usage.swappedIn_pages = spent.swappedIn_pages
            usage.steal_share = spent.steal_share
            return usage
        }

        /// A counter that went back belongs to somebody else by now.
        private func difference(_ before: UInt64?, _ after: UInt64?) -> UInt64? {
            guard let before, let after, after >= before else { return nil }
            return after - before
        }
    }
}
