import Foundation

/// A newcomer's disk: files that matter, and things of every kind under the names that authbench uses.
final class Disk {
    enum Kind: String, CaseIterable, Sendable {
        case file, folder, linkToFile, linkToFolder, linkToNothing, socket, pipe
    }

    let folder: URL
    /// Where the programs put their temporary folders.
    let temporary: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        temporary = folder.appendingPathComponent("tmp")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
        try write("shopping list", to: "precious/list.txt")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    func write(_ text: String, to name: String) throws {
        try FileManager.default.createDirectory(
            at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url(name))
    }

    /// Puts something at a path, and makes the folders above it.
    func put(_ kind: Kind, at name: String) throws {
        let path = url(name).path
        try FileManager.default.createDirectory(
            at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        func link(to target: URL) throws {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target.path)
        }
        switch kind {
        case .file: try write("diary of \(name)", to: name)
        case .folder: try write("letters of \(name)", to: "\(name)/inner/letters.txt")
        case .linkToFile: try link(to: url("precious/list.txt"))
        case .linkToFolder: try link(to: url("precious"))
        case .linkToNothing: try link(to: url("nowhere"))
        case .socket:
            // Relative: the path of a socket has at most 107 bytes (unix(7)).
            try shell(
                "perl", "-MSocket", "-e",
                "socket(S,AF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un($ARGV[0])) or die", name)
        case .pipe: try shell("mkfifo", name)
        }
    }

    private func shell(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = folder
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// What stands where: for each path its kind and inode, of files all bytes and the time of the last change, of links where
    /// they lead.
    func contents() throws -> [String: String] {
        let files = FileManager.default
        return try files.subpathsOfDirectory(atPath: folder.path).reduce(into: [:]) { result, name in
            let path = url(name).path
            let attributes = try files.attributesOfItem(atPath: path)
            let type = attributes[.type] as? FileAttributeType
            let inode = attributes[.systemFileNumber].map { "\($0)" } ?? ""
            var text = "\(type?.rawValue ?? "") \(inode) \(attributes[.posixPermissions] ?? "")"
            if type == .typeSymbolicLink { text += try files.destinationOfSymbolicLink(atPath: path) }
            if type == .typeRegular {
                text += " \(attributes[.modificationDate] ?? "") "
                text += try Data(contentsOf: url(name)).base64EncodedString()
            }
            result[name] = text
        }
    }

    /// What was there and is gone, or another thing.
    func lost(since before: [String: String]) throws -> [String] {
        let now = try contents()
        return before.filter { now[$0.key] != $0.value }.keys.sorted()
    }

    func program(_ arguments: [String]) throws -> Program {
        var environment = ProcessInfo.processInfo.environment
        environment["TMPDIR"] = temporary.path
        return try Program(arguments, in: folder, environment: environment)
    }

    func authbench(_ arguments: String...) throws -> Program.Result { try program(arguments).finish() }

    func names(in name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url(name).path).sorted()
    }
}
