import Foundation

/// CPU time of another process.
package enum OtherProcessCPU {
    /// All its living threads, user and system, in nanoseconds; `nil` where the system does not tell.
    ///
    /// From `/proc/<pid>/task/*/schedstat`, whose first number is exact, where `/proc/<pid>/stat` counts
    /// hundredths of a second (Documentation/scheduler/sched-stats in the kernel).
    package static func used_ns(_ process: Int32) -> UInt64? {
        let folder = "/proc/\(process)/task"
        var sum_ns: UInt64?
        for thread in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let text = SystemFile.text("\(folder)/\(thread)/schedstat"),
                let time_ns = text.split(separator: " ").first.flatMap({ UInt64($0) })
            else { continue }
            sum_ns = (sum_ns ?? 0) &+ time_ns
        }
        return sum_ns
    }
}
