import ArgumentParser
import AuthCore
import AuthGate
import AuthResults
import AuthStatistics
import AuthVerdict
import Dispatch
import Foundation
import Synchronization

/// `authbench gate simulate` shows how often the gate, and common other gates, raise false alarms or miss slow-downs.
struct GateSimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Shows how often the gate calls equal builds slower, and how often it misses a real slow-down.",
        discussion: """
            It simulates many gates on noise of known size, and common other ways to decide beside them. The rows \
            called staged use the code of the real gate. The same seed gives the same numbers.

            EXAMPLES:
              authbench gate simulate
              authbench gate simulate --noise gate-results/recording.jsonl --runs 200
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many runs are simulated for each row; rows of a single case get ten times as many.",
            valueName: "count"))
    var runs = 1000

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Decides all random numbers; 0 or above.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many comparisons one simulated run has.", valueName: "count"))
    var cases = 60

    @Option(
        help: ArgumentHelp(
            "Uses the noise of your machine: the recording.jsonl of a gate, best of a program and its copy. Repeat the option for several.",
            valueName: "file"))
    var noise: [String] = []

    @Option(help: "How the table is printed on stdout.")
    var format = Format.table

    @Option(help: ArgumentHelp("Writes the table to this file as CSV too.", valueName: "file"))
    var out: String?

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, csv }

    func validate() throws {
        guard 1...1_000_000 ~= runs else { throw ValidationError("--runs is \(runs): give 1 to 1000000") }
        guard 1...1000 ~= cases else { throw ValidationError("--cases is \(cases): give 1 to 1000") }
    }

    func run() throws {
        let curve = OperatingCurve(cases: cases, runs: runs)
        let scenarios =
            noise.isEmpty ? curve.perCell + curve.perRun : curve.recorded(try recordedSeries())
        let points = simulate(scenarios)
        let csv = CSV.text(OperatingCurveTable.columns, points)
        if let out { try Console.output(csv, to: out) }
        try Console.output(format == .csv ? csv : OperatingCurveTable.text(points))
    }

    /// Simulates all scenarios, each with its own random numbers, so that the number of processors changes nothing.
    private func simulate(_ scenarios: [Scenario]) -> [OperatingPoint] {
        let points = Mutex(scenarios.map { _ in OperatingPoint?.none })
        DispatchQueue.concurrentPerform(iterations: scenarios.count) { index in
            var random = RandomSource(seed: seed, stream: UInt64(index))
            let point = scenarios[index].simulate(using: &random)
            points.withLock { $0[index] = point }
        }
        return points.withLock { $0.compactMap(\.self) }
    }

    /// Reads the noise of all recordings, which must be of one distance to the store: a far one has noise of another kind.
    private func recordedSeries() throws -> [[Double]] {
        let recordings = try noise.map { ($0, try GateLines.read(URL(fileURLWithPath: $0))) }
        let distances = recordings.map(\.1.header.store_rtt_asked_ns)
        if let place = distances.firstIndex(where: { $0 != distances[0] }) {
            throw CommandError(
                status: ExitStatus.incomparable,
                message:
                    "--noise \(noise[0]) and \(noise[place]) were recorded at different --store-rtt: give one of them"
            )
        }
        return try recordings.flatMap { try series($0.1, path: $0.0) }
    }

    /// Reads the log-ratios of the blocks of a recording in which a program was measured against itself.
    private func series(_ recording: GateRecording, path: String) throws -> [[Double]] {
        let series = GateEvaluation(recording).noise
        guard !series.isEmpty else {
            throw CommandError.badData(
                "--noise \(path): each of its cases has fewer than \(GateEvaluation.leastNoise) blocks: record longer"
            )
        }
        return series
    }
}
