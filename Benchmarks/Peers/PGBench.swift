import Contest
import Foundation

/// The program pgbench, which comes with PostgreSQL.
public enum PGBench {
    /// SELECTs of one row by its key, prepared, over so many connections.
    public static func select(url: String, connections: Int) throws -> Contestant {
        try run(["-i", "-q", "-s", "1", url])
        return Contestant { count in
            let share = max(1, count / connections)
            let output = try run([
                "-S", "-M", "prepared", "-n", "-c", String(connections), "-j", String(min(2, connections)),
                "-t", String(share), url,
            ])
            guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("tps = ") }),
                let perSecond = line.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }),
                perSecond > 0
            else { throw NotReadyError(name: "pgbench") }
            return UInt64(Double(count) / perSecond * 1e9)
        }
    }

    @discardableResult
    private static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["pgbench"] + arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw NotReadyError(name: "pgbench") }
        return String(decoding: output, as: UTF8.self)
    }
}
