import Backends
import Foundation

/// The repository in which authbench is run: what is being measured, in a CI job.
enum Git {
    private static let patience_s = 10.0

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
        guard let program = Executable.find("git") else { return nil }
        let output = Pipe()
        let process = try? ChildProcess(
            program, arguments, descriptors: [nil, output.fileHandleForWriting, nil])
        try? output.fileHandleForWriting.close()
        guard let process else { return nil }
        var data = Data()
        // A repository on a drive that hangs must not hold a run up for ever.
        while Readiness.isReadable(output.fileHandleForReading.fileDescriptor, within: patience_s) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            data.append(more)
        }
        guard process.end(within_s: patience_s) == .status(0) else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
