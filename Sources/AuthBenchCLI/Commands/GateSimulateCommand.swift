import ArgumentParser
import AuthCore
import AuthReport
import AuthStatistics
import Dispatch
import Foundation
import Synchronization

/// `authbench gate simulate`: how often the gate, and gates as others build them, raise false alarms and miss
/// slow-downs.
struct GateSimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Simulates the gate on noise of known size, and other gates beside it: the operating curve.",
        discussion:
            "The staged rows run the code that decides on measured blocks. The same seed gives the same numbers."
    )

    @Option(parsing: .unconditional, help: "Simulated runs of each row; single cells get ten times as many.")
    var runs = 1000

    @Option(parsing: .unconditional, help: "Decides all draws; 0 or above.")
    var seed: UInt64 = 1

    @Option(parsing: .unconditional, help: "Cells of a run.")
    var cells = 60

    @Option(
        help:
            "Simulate on recorded noise instead: a gate's recording.jsonl, best of a program and its copy; may be given several times."
    )
    var noise: [String] = []

    @Option(help: "What to print on stdout: table or csv.")
    var format = Format.table

    @Option(help: "Write the CSV to this file too, whole or not at all.")
    var out: String?

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, csv }

    func validate() throws {
        guard 1...1_000_000 ~= runs else { throw ValidationError("--runs is \(runs): from 1 to 1000000") }
        guard 1...1000 ~= cells else { throw ValidationError("--cells is \(cells): from 1 to 1000") }
    }

    func run() throws {
        let curve = OperatingCurve(cells: cells, runs: runs)
        let scenarios =
            noise.isEmpty ? curve.perCell + curve.perRun : curve.recorded(try noise.flatMap(series))
        let points = simulate(scenarios)
        let csv = CSV.text(OperatingCurveTable.columns, points)
        if let out { try Console.output(csv, to: out) }
        try Console.output(format == .csv ? csv : OperatingCurveTable.text(points))
    }

    /// All scenarios, each with draws of its own, so that the number of processors changes nothing.
    private func simulate(_ scenarios: [Scenario]) -> [OperatingPoint] {
        let points = Mutex(scenarios.map { _ in OperatingPoint?.none })
        DispatchQueue.concurrentPerform(iterations: scenarios.count) { index in
            var random = RandomSource(seed: seed, stream: UInt64(index))
            let point = scenarios[index].simulate(using: &random)
            points.withLock { $0[index] = point }
        }
        return points.withLock { $0.compactMap(\.self) }
    }

    /// The block log-ratios of a recording in which a program was measured against itself.
    private func series(_ path: String) throws -> [[Double]] {
        let series = GateEvaluation(try GateLines.read(URL(fileURLWithPath: path))).noise
        guard !series.isEmpty else {
            throw Fault.badData("--noise \(path): no cell of it has \(GateEvaluation.leastNoise) blocks")
        }
        return series
    }
}
