import Foundation
import Synchronization

/// A relay in a process of its own: who starts it asks it by lines and ends it.
package final class RelayProcess: Sendable {
    /// How late the relay passed bytes on, of those that went since it was last asked to forget.
    package struct Lateness: Sendable, Equatable {
        package var p50_ns: UInt64
        package var p99_ns: UInt64
        /// How many portions of bytes went.
        package var portions: UInt64

        package init(p50_ns: UInt64, p99_ns: UInt64, portions: UInt64) {
            (self.p50_ns, self.p99_ns, self.portions) = (p50_ns, p99_ns, portions)
        }
    }

    /// What the relay is asked for, one on each line; it answers each with one line.
    package enum Request: Equatable {
        /// Holds what comes from now on so long in each direction.
        case delay(ns: UInt64)
        /// Forgets how late it was so far.
        case forget
        case lateness
        case enter(Relay.Mode)
        /// Leads new connections to another store.
        case lead(to: StreamAddress)

        package init?(_ line: String) {
            let words = line.split(separator: " ", maxSplits: 1)
            switch (words.first, words.count) {
            case ("delay", 2):
                guard let delay_ns = UInt64(words[1]) else { return nil }
                self = .delay(ns: delay_ns)
            case ("forget", 1): self = .forget
            case ("lateness", 1): self = .lateness
            case ("enter", 2):
                guard let mode = Relay.Mode(rawValue: String(words[1])) else { return nil }
                self = .enter(mode)
            case ("lead", 2):
                guard let store = StreamAddress(name: String(words[1])) else { return nil }
                self = .lead(to: store)
            default: return nil
            }
        }

        fileprivate var line: String {
            switch self {
            case .delay(let delay_ns): "delay \(delay_ns)\n"
            case .forget: "forget\n"
            case .lateness: "lateness\n"
            case .enter(let mode): "enter \(mode.rawValue)\n"
            case .lead(let store): "lead \(store.name)\n"
            }
        }
    }

    private struct Talk {
        let input: FileHandle
        var output: LineReader
    }

    private static let patience_s = 5.0

    package var processID: Int32 { process.id }
    private let process: ChildProcess
    private let talk: Mutex<Talk>

    /// Starts the relay and waits until it listens.
    ///
    /// Call on a thread that lives as long as the program (`ChildProcess`).
    ///
    /// - Parameters:
    ///   - program: a program that serves as a relay.
    ///   - arguments: what makes it do so.
    /// - Throws: `RelayError` when it does not listen.
    package init(_ program: URL, _ arguments: [String]) throws(RelayError) {
        let (input, output) = (Pipe(), Pipe())
        do throws(FileError) {
            process = try ChildProcess(
                program, arguments,
                descriptors: [input.fileHandleForReading, output.fileHandleForWriting, nil])
        } catch { throw RelayError(description: "the relay cannot be started: \(error.reason)") }
        try? output.fileHandleForWriting.close()
        try? input.fileHandleForReading.close()
        talk = Mutex(Talk(input: input.fileHandleForWriting, output: LineReader(output.fileHandleForReading)))
        _ = try ask(.forget)
    }

    deinit { end() }

    package func end() { process.end() }

    /// Sets how long bytes are held in each direction.
    package func setDelay(ns delay_ns: UInt64) throws(RelayError) { _ = try ask(.delay(ns: delay_ns)) }

    package func forget() throws(RelayError) { _ = try ask(.forget) }

    package func enter(_ mode: Relay.Mode) throws(RelayError) { _ = try ask(.enter(mode)) }

    /// Leads new connections to another store, and breaks those that there are.
    package func lead(to store: StreamAddress) throws(RelayError) { _ = try ask(.lead(to: store)) }

    /// - Returns: `nil` where nothing has gone.
    package func lateness() throws(RelayError) -> Lateness? {
        let numbers = try ask(.lateness).split(separator: " ").compactMap { UInt64($0) }
        guard numbers.count == 3 else {
            throw RelayError(description: "the relay gave no answer that is known")
        }
        return numbers[2] == 0 ? nil : Lateness(p50_ns: numbers[0], p99_ns: numbers[1], portions: numbers[2])
    }

    /// - Returns: the answer, without its end.
    private func ask(_ request: Request) throws(RelayError) -> String {
        let answer = talk.withLock { talk -> String? in
            // A relay that has ended takes nothing: that shows in the answer.
            try? talk.input.write(contentsOf: Data(request.line.utf8))
            return (try? talk.output.next(patience_s: Self.patience_s)).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        if let answer { return answer }
        switch process.wait(within_s: 0.1) {
        case .status(let status): throw RelayError(description: "the relay ended with status \(status)")
        case .signal(let number): throw RelayError(description: "the relay ended by signal \(number)")
        case nil: throw RelayError(description: "the relay has not answered for \(Int(Self.patience_s)) s")
        }
    }
}

/// Why there is no distance to a store.
package struct RelayError: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
}
