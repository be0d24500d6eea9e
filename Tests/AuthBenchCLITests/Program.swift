import Foundation

/// The built program, started as a user starts it.
final class Program {
    /// What it printed and how it ended.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    private let process = Process()
    private let (output, errors) = (Pipe(), Pipe())

    /// The program as its users have it, where `make test` names one; a build for debugging takes many times as long.
    static let url =
        ProcessInfo.processInfo.environment["AUTHBENCH_PROGRAM"].map { URL(fileURLWithPath: $0) } ?? debugURL

    /// The build for debugging, which takes a defect from its name; the products lie beside the bundle of these tests.
    static let debugURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("authbench")

    init(
        _ arguments: [String], in folder: URL, environment: [String: String]? = nil,
        output other: FileHandle? = nil, url: URL = Program.url
    ) throws {
        process.executableURL = url
        process.arguments = arguments
        process.currentDirectoryURL = folder
        if let environment { process.environment = environment }
        process.standardOutput = other ?? output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        if other != nil { try output.fileHandleForWriting.close() }
    }

    /// Starts it where no file may grow beyond a number of KiB.
    convenience init(limitedTo kibibytes: Int, _ arguments: [String], in folder: URL) throws {
        try self.init(after: "ulimit -f \(kibibytes)", arguments, in: folder)
    }

    /// Starts it after a command of the shell.
    init(after command: String, of program: URL = Program.url, _ arguments: [String], in folder: URL) throws {
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "\(command); exec \"$@\"", "bash", program.path] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var id: Int32 { process.processIdentifier }

    /// The processes it has started and that still live.
    var children: [Int32] {
        let path = "/proc/\(id)/task/\(id)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    /// Gone, or only waiting for somebody to ask how it ended.
    static func isGone(_ process: Int32) -> Bool {
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return status?.contains(") Z ") ?? true
    }

    func finish() -> Result {
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: complaints, as: UTF8.self))
    }
}

/// Lends a folder that is gone afterwards.
func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}

/// Writes a script that can be executed, and returns where it is.
///
/// A shell writes it, not we: a program that is started meanwhile has what we write to open until it is executed itself,
/// and a file that is open for writing cannot be executed ("Text file busy").
@discardableResult
func executable(_ text: String, at file: URL) throws -> URL {
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = [
        "-c", #"printf '#!/bin/sh\n%s\n' "$1" >"$2" && chmod 755 "$2""#, "sh", text, file.path,
    ]
    try shell.run()
    shell.waitUntilExit()
    guard shell.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    return file
}

/// Makes a folder for what a program leaves nothing of, and the environment by which it takes that.
func temporaryFolder(in folder: URL) throws -> (folder: URL, environment: [String: String]) {
    let temporary = folder.appendingPathComponent("tmp")
    try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    return (temporary, ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary.path]) { $1 })
}
