import Foundation

/// The repository in which authbench is run: what is being measured, in a CI job.
enum Git {
    /// The commit checked out; `nil` outside a repository.
    static func commit() -> String? {
        guard let hash = output(["rev-parse", "HEAD"]), !hash.isEmpty else { return nil }
        return hash
    }

    /// Whether there are changes or files that no commit has, ignored ones aside; `nil` outside a repository.
    static func isDirty() -> Bool? {
        output(["--no-optional-locks", "status", "--porcelain"]).map { !$0.isEmpty }
    }

    private static func output(_ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
