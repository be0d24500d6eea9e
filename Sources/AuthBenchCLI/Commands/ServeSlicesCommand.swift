import ArgumentParser
import AuthCore
import AuthGate
import Backends
import Foundation

/// `authbench serve-slices` measures what lines on stdin ask for; the gate starts it, nobody types it.
struct ServeSlicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-slices", abstract: "Measures for the gate, which asks by lines on stdin.",
        shouldDisplay: false)

    /// A server of somebody's, in the place of the strategies.
    @OptionGroup var targets: TargetOptions

    /// Longer than in a run: a busy machine, on which four servers start at once, is no fault of the server's.
    private static let timeout_ms = 10_000

    func run() throws {
        // Output of a strategy must not mix with the answers.
        guard let descriptors = ProtocolDescriptors.take() else {
            throw CommandError.runtime("no file descriptor is free for the slice protocol: raise ulimit -n")
        }
        let output = FileHandle(fileDescriptor: descriptors.output)
        var input = LineReader(FileHandle(fileDescriptor: descriptors.input))
        let operations = try targets.firstContract()?.gateOperations.map(\.name)
        var server =
            operations == nil
            ? SliceServer(Registry.strategies, version: Version.authbench)
            : SliceServer(try choices(), operations: operations, version: Version.authbench)
        try output.write(contentsOf: server.greetingLine())
        while let line = Self.next(&input) {
            try output.write(contentsOf: server.answerLine(String(decoding: line, as: UTF8.self)))
        }
    }

    private func choices() throws -> [StrategyChoice] {
        // What is done, the protocol says.
        var workload = try WorkloadSource.load("hostile")
        return try targets.choices(&workload, timeout_ms: Self.timeout_ms)
    }

    /// Waits for the next line, however long it takes; returns `nil` at the end.
    private static func next(_ input: inout LineReader) -> Data? {
        while true {
            do { return try input.next(patience_s: 3600) } catch  where error == .silent { continue } catch {
                return nil
            }
        }
    }
}
