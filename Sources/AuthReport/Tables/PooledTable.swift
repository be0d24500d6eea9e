import AuthCore
import AuthStatistics
import Foundation

/// All repeats of a result folder as one: for each strategy, operation and clock one histogram over the union.
package enum PooledTable {
    package struct Row {
        package var strategy: String
        package var operation: String
        package var clock: String
        package var repeats: Int
        package var times: LatencyHistogram
        /// For each of `Assessment.quantiles`, over repeats and the blocks in them.
        package var intervals: [Interval?]
    }

    /// The rows of a folder that has been found sound, in the order of their names.
    package static func rows(_ url: URL) -> [Row] {
        let files = ResultReader(url).histograms.values
        let cells = Dictionary(grouping: files) { [$0.head.strategy, $0.head.operation, $0.head.clock] }
        return cells.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { key in
            let own = (cells[key] ?? []).sorted { $0.head.repeat < $1.head.repeat }
            let times = LatencyHistogram(merging: own.map(\.times.total))
            return Row(
                strategy: key[0], operation: key[1], clock: key[2], repeats: own.count, times: times,
                intervals: Assessment.intervals(of: own.map(\.times), pooled: times))
        }
    }

    package static var columns: [Column<Row>] {
        var columns: [Column<Row>] = [
            Column(printed: "strategy") { .text($0.strategy) },
            Column(printed: "operation") { .text($0.operation) },
            Column(printed: "clock") { .text($0.clock) },
            Column(printed: "repeats") { .integer(Int64($0.repeats)) },
            Column(printed: "n") { .count($0.times.count) },
            Column(printed: "mean_ns") { .number($0.times.mean_ns, 1) },
        ]
        for (index, quantile) in Assessment.quantiles.enumerated() {
            let name = "p\(Int(quantile * 100))"
            columns += [
                Column(printed: "\(name)_ns") { .count($0.times.supported_ns(quantile)) },
                Column(printed: "\(name)_ci95_low_ns") { .count($0.intervals[index].map { UInt64($0.low) }) },
                Column(printed: "\(name)_ci95_high_ns") {
                    .count($0.intervals[index].map { UInt64($0.high) })
                },
            ]
        }
        columns.append(Column(printed: "p999_ns") { .count($0.times.supported_ns(0.999)) })
        columns.append(Column(printed: "max_ns") { .count($0.times.max_ns) })
        return columns
    }
}
