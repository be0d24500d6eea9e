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
            "Simulate on recorded noise instead: a line for each series, its block log-ratios of equal builds separated by commas."
    )
    var noise: String?

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
        let scenarios = try noise.map { curve.recorded(try series($0)) } ?? (curve.perCell + curve.perRun)
        let points = simulate(scenarios)
        let csv = CSV.text(OperatingCurveTable.columns, points)
        if let out {
            do { try Data(csv.utf8).write(to: URL(fileURLWithPath: out), options: .atomic) } catch {
                throw Fault.badData("--out \(out) cannot be written: \(error.reason)")
            }
        }
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

    /// The block log-ratios of a file of recorded noise.
    private func series(_ path: String) throws -> [[Double]] {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw Fault.badData("--noise \(path) cannot be read: \(error.reason)")
        }
        let series = try text.split(whereSeparator: \.isNewline).enumerated().map { index, line in
            try line.split(separator: ",").map { field in
                guard let value = Double(field.trimmingCharacters(in: .whitespaces)), value.isFinite else {
                    throw Fault.badData("--noise \(path), line \(index + 1): \(field) is no log-ratio")
                }
                return value
            }
        }
        guard !series.isEmpty, series.allSatisfy({ !$0.isEmpty }) else {
            throw Fault.badData("--noise \(path) has no series, or one without blocks")
        }
        return series
    }
}
