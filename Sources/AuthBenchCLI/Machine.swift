import AuthReport
import Foundation

/// What the machine is, as far as it says.
enum Machine {
    static func facts() -> RunRecord.Machine {
        let information = ProcessInfo.processInfo
        return .init(
            cpu_model: cpuModel() ?? "unknown", cores: information.activeProcessorCount,
            memory_bytes: information.physicalMemory,
            kernel: read("/proc/sys/kernel/osrelease")?.trimmingCharacters(in: .whitespacesAndNewlines)
                ?? "unknown")
    }

    private static func cpuModel() -> String? {
        let line = read("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}

/// The commit of the repository in which authbench is run: what is being measured, in a CI job.
enum GitCommit {
    static func current() -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "rev-parse", "HEAD"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return process.terminationStatus == 0 && !text.isEmpty ? text : nil
    }
}

/// Wall-clock time for names and records; nothing is measured with it.
enum RunClock {
    /// `2026-11-21T08:45:00Z`.
    static func timestamp(_ date: Date = Date()) -> String {
        date.ISO8601Format()
    }

    /// `20261121T084500.123Z-mixed`: sorts by time, and two runs of one second differ.
    static func identifier(_ workload: String, _ date: Date = Date()) -> String {
        let milliseconds = Int(date.timeIntervalSince1970 * 1000) % 1000
        let second = timestamp(date).filter { $0 != "-" && $0 != ":" && $0 != "Z" }
        let fraction = String(milliseconds + 1000).dropFirst()
        let name = workload.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" }
        return "\(second).\(fraction)Z-\(String(name))"
    }
}
