import ArgumentParser
import AuthCore
import Backends
import Foundation

/// `authbench serve-relay` passes bytes to a store as if that were far away; `run` starts it, nobody types it.
struct ServeRelayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-relay", abstract: "Stands between the clients of a run and their store.",
        shouldDisplay: false)

    @Argument var place: StreamAddress
    @Argument var store: StreamAddress

    /// What makes this program a relay.
    static func arguments(_ place: StreamAddress, to store: StreamAddress) -> [String] {
        ["serve-relay", place.name, store.name]
    }

    func run() throws {
        PreciseTimer.settle()
        let relay: Relay
        do throws(FileError) { relay = try Relay(at: place, to: store, control: STDIN_FILENO) } catch {
            throw CommandError.runtime("\(error)")
        }
        var recorder = LatencyRecorder()
        relay.passed = { late_ns in recorder.record(late_ns) }
        var lines = LineReader(FileHandle.standardInput)
        while true {
            relay.runUntilControl()
            guard let line = try? lines.next(patience_s: 60) else { return }
            switch RelayProcess.Request(String(decoding: line, as: UTF8.self)) {
            case .delay(let delay_ns):
                relay.delay_ns = delay_ns
                answer("ok")
            case .forget:
                recorder = LatencyRecorder()
                answer("ok")
            case .lateness:
                let times = recorder.histogram
                answer("\(times.value_ns(at: 0.5) ?? 0) \(times.value_ns(at: 0.99) ?? 0) \(times.count)")
            case .enter(let mode):
                relay.enter(mode)
                answer("ok")
            case .lead(let store):
                relay.lead(to: store)
                answer("ok")
            case nil: answer("unknown")
            }
        }
    }

    private func answer(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}

extension StreamAddress: ExpressibleByArgument {
    public init?(argument: String) { self.init(name: argument) }
}

/// Counts times by bucket.
private struct LatencyRecorder {
    private var counts: [Int: UInt64] = [:]

    mutating func record(_ time_ns: UInt64) { counts[BucketLayout.index(of: time_ns), default: 0] += 1 }

    var histogram: LatencyHistogram {
        LatencyHistogram(counts.keys.sorted().map { .init(index: $0, count: counts[$0] ?? 0) })
    }
}
