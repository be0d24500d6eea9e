#if AUTHBENCH_DEFECT
    import CAuthBenchDefect

    /// The defect that this program was built with.
    package enum DefectText {
        package static var chosen: String { unsafe String(cString: authbench_defect()) }
    }
#endif

#if AUTHBENCH_DEFECT || DEBUG
    import Dispatch
    import Glibc
    import Synchronization

    /// What a strategy that is worse on purpose does, and no sound one.
    package final class DefectTools: Sendable {
        private let semaphore = DispatchSemaphore(value: 1)
        private let count = Atomic<UInt64>(0)

        private static let last = Atomic<UInt>(0)

        package init() {}

        /// Waits for the lock that all clients share.
        package func lock() { semaphore.wait() }

        package func unlock() { semaphore.signal() }

        /// The number of this call, from 1, over all clients.
        package func number() -> UInt64 { count.add(1, ordering: .relaxed).newValue }

        /// Takes memory and forgets it.
        package static func leak(bytes: Int) {
            // Told to everybody, or the compiler would leave it out.
            unsafe last.store(UInt(bitPattern: malloc(bytes)), ordering: .relaxed)
        }

        /// Has a thread that is no client's compute for a while, and waits for it.
        package static func compute(_ nanoseconds: UInt64) {
            let done = DispatchSemaphore(value: 0)
            DispatchQueue.global().async {
                let end_ns = DispatchTime.now().uptimeNanoseconds + nanoseconds
                while DispatchTime.now().uptimeNanoseconds < end_ns {}
                done.signal()
            }
            done.wait()
        }

        package static func leave() -> Never { exit(0) }

        package static func hang() { sleep(86_400) }
    }
#endif
