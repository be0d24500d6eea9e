import CLinux
import Foundation

/// On which processors a process may run (sched_setaffinity(2)).
package enum ProcessorBinding {
    /// Those that this process may use, in ascending order; empty where the system does not say.
    package static func allowed() -> [Int] { allowedList().flatMap { CPUList.members($0) } ?? [] }

    /// The same as a list in the kernel's words, such as `0-3,8`.
    package static func allowedList() -> String? {
        let status = SystemFile.text("/proc/self/status") ?? ""
        let line = status.split(whereSeparator: \.isNewline).first { $0.hasPrefix("Cpus_allowed_list:") }
        return line?.dropFirst("Cpus_allowed_list:".count).trimmingCharacters(in: .whitespaces)
    }

    /// Binds all threads of a process, and so those that they start later.
    ///
    /// - Parameters:
    ///   - process: its number.
    ///   - processors: at least one.
    /// - Returns: whether every thread is bound.
    @discardableResult
    package static func bind(_ process: Int32, to processors: [Int]) -> Bool {
        var mask = [UInt](repeating: 0, count: 16)
        for processor in processors where 0..<1024 ~= processor {
            mask[processor / UInt.bitWidth] |= 1 << UInt(processor % UInt.bitWidth)
        }
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return !threads.isEmpty
            && threads.compactMap { Int32($0) }.allSatisfy { thread in
                unsafe authbench_set_affinity(thread, mask, UInt(mask.count * 8)) == 0
            }
    }
}
