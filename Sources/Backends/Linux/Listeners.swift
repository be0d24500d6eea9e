import Foundation

/// The processes behind a TCP port of this machine.
package enum Listeners {
    /// All that hold the listening socket of a port, as the workers of a server do that have inherited it.
    ///
    /// From `/proc/net/tcp` and `tcp6`, which name the socket, and `/proc/<pid>/fd` (proc(5)): none where the system does not
    /// let us look, as with a process of another user.
    package static func processIDs(of port: UInt16) -> [Int32] {
        let sockets = Set(
            ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { inodes(of: port, in: SystemFile.text($0) ?? "") })
        guard !sockets.isEmpty else { return [] }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { holds($0, one: sockets) }.sorted()
    }

    /// The names of listening sockets, from lines such as `0: 0100007F:1F90 00000000:0000 0A … INODE`.
    static func inodes(of port: UInt16, in text: String) -> [String] {
        let isListening = "0A"
        return text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count > 9, fields[3] == isListening,
                let number = fields[1].split(separator: ":").last.flatMap({ UInt16($0, radix: 16) }),
                number == port
            else { return nil }
            return "socket:[\(fields[9])]"
        }
    }

    private static func holds(_ process: Int32, one sockets: Set<String>) -> Bool {
        let folder = "/proc/\(process)/fd"
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return descriptors.contains { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"))
                .map { sockets.contains($0) } ?? false
        }
    }
}
