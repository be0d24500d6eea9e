import Contest
import Foundation

/// The program redis-benchmark, which comes with Redis.
public enum RedisBenchmark {
    /// GETs of one value of so many bytes, over so many connections.
    public static func get(socket: String, value_bytes: Int, connections: Int) throws -> Contestant {
        // The key that it asks for.
        try run(socket, ["-n", "1", "-c", "1", "-d", String(value_bytes), "-t", "set"])
        return Contestant { count in
            let requests = max(count, connections)
            let output = try run(
                socket,
                ["-n", String(requests), "-c", String(connections), "-d", String(value_bytes), "-t", "get"])
            guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("\"GET\"") }),
                let perSecond = line.split(separator: ",").dropFirst().first
                    .flatMap({ Double($0.filter { $0 != "\"" }) }), perSecond > 0
            else { throw NotReadyError(name: "redis-benchmark") }
            return UInt64(Double(count) / perSecond * 1e9)
        }
    }

    @discardableResult
    private static func run(_ socket: String, _ arguments: [String]) throws -> String {
        try PeerProgram.output("redis-benchmark", ["-s", socket, "--csv"] + arguments)
    }
}

/// A program of others that measures by itself.
enum PeerProgram {
    /// What it prints.
    @discardableResult
    static func output(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw NotReadyError(name: name) }
        return String(decoding: output, as: UTF8.self)
    }
}
