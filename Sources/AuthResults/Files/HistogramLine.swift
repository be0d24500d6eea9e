import AuthCore
import Foundation

/// One line of `histograms.jsonl`: every recorded time of one strategy, repeat, operation and clock, without loss and
/// mergeable by adding counts.
package struct HistogramLine: Sendable {
    /// The name of the file.
    package static let file = "histograms.jsonl"

    /// What it is about.
    package struct Head: Codable, Sendable, Equatable {
        package var schema_version = RunIdentity.schemaVersion
        package var run_id: String
        package var strategy: String
        package var workload: String
        package var trace_sha256: String
        package var `repeat`: Int
        package var operation: String
        package var clock: String
    }

    /// Which line of the file it is, whatever the order.
    package struct Key: Hashable, Comparable, Sendable, CustomStringConvertible {
        package var strategy: String
        package var `repeat`: Int
        package var operation: String
        package var clock: String

        /// Takes the fields of a row of `latency.csv`.
        package init(_ row: TableRow) {
            (strategy, `repeat`) = (row["strategy"], Int(row["repeat"]) ?? 0)
            (operation, clock) = (row["operation"], row["clock"])
        }

        fileprivate init(_ head: Head) {
            (strategy, `repeat`) = (head.strategy, head.repeat)
            (operation, clock) = (head.operation, head.clock)
        }

        package var description: String { "\(strategy), repeat \(`repeat`), \(operation), \(clock)" }

        package static func < (left: Self, right: Self) -> Bool {
            (left.repeat, left.strategy, left.operation, left.clock)
                < (right.repeat, right.strategy, right.operation, right.clock)
        }
    }

    package var head: Head
    package var times: SlicedHistogram

    package var key: Key { Key(head) }

    package init(head: Head, times: SlicedHistogram) {
        self.head = head
        self.times = times
    }

    init(_ identity: RunIdentity, _ measurement: RepeatMeasurement, _ latency: Assessment.Latency) {
        head = Head(
            run_id: identity.runID, strategy: measurement.strategy, workload: identity.workload,
            trace_sha256: identity.traceSHA256, repeat: measurement.repeatIndex,
            operation: latency.kind.name, clock: latency.clock.rawValue)
        times = latency.times
    }

    /// The line that belongs to a row of `latency.csv`.
    package init(_ identity: RunIdentity, _ row: LatencyTable.Row) {
        head = Head(
            run_id: identity.runID, strategy: row.strategy, workload: identity.workload,
            trace_sha256: identity.traceSHA256, repeat: row.repeatIndex,
            operation: row.latency.kind.name, clock: row.latency.clock.rawValue)
        times = row.latency.times
    }

    /// Writes the line, with the newline that ends it.
    ///
    /// After the head come `lower_ns`, `upper_ns` and `count` of each bucket, and then for each slice of the measurement the
    /// places of its buckets in those lists, each followed by its count.
    ///
    /// The numbers are written by hand, because there are millions.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var text = try encoder.encode(head).dropLast()
        let buckets = times.total.buckets
        func add(_ name: String, _ value: (LatencyHistogram.Bucket) -> UInt64) {
            text += Data(
                (",\"\(name)\":[" + buckets.map { String(value($0)) }.joined(separator: ",") + "]").utf8)
        }
        add("lower_ns", \.lower_ns)
        add("upper_ns", \.upper_ns)
        add("count", \.count)
        let places = Dictionary(uniqueKeysWithValues: buckets.enumerated().map { ($1.index, $0) })
        text += Data(#","slices":["#.utf8)
        for (index, slice) in times.slices.enumerated() {
            let numbers = slice.buckets.map { "\(places[$0.index] ?? 0),\($0.count)" }
            text += Data(((index > 0 ? ",[" : "[") + numbers.joined(separator: ",") + "]").utf8)
        }
        return text + Data("]}\n".utf8)
    }

    /// Reads such a line strictly.
    ///
    /// - Throws: `ResultError`, without the file's name.
    package init(json: Data) throws {
        let body: Body
        do {
            head = try JSONDecoder().decode(Head.self, from: json)
            body = try JSONDecoder().decode(Body.self, from: json)
        } catch { throw ResultError("is no histogram: \(error.jsonReason)") }
        guard body.lower_ns.count == body.count.count, body.upper_ns.count == body.count.count else {
            throw ResultError("has lower_ns, upper_ns and count of different lengths")
        }
        var indices: [Int] = []
        for (place, lower_ns) in body.lower_ns.enumerated() {
            let (index, count) = (BucketLayout.index(of: lower_ns), body.count[place])
            guard 1..<Self.most ~= count, indices.last ?? -1 < index, index < BucketLayout.count,
                BucketLayout.lower_ns(index) == lower_ns, BucketLayout.upper_ns(index) == body.upper_ns[place]
            else {
                throw ResultError("has a bucket that is none of the layout's, or out of order: \(lower_ns)")
            }
            indices.append(index)
        }
        guard body.slices.count <= Self.mostSlices else {
            throw ResultError("has \(body.slices.count) slices, more than \(Self.mostSlices)")
        }
        times = SlicedHistogram(try body.slices.map { try Self.slice($0, indices) })
        guard times.total.buckets.map(\.count) == body.count else {
            throw ResultError("has slices that do not add up to its buckets")
        }
    }

    private struct Body: Decodable {
        var lower_ns: [UInt64]
        var upper_ns: [UInt64]
        var count: [UInt64]
        var slices: [[UInt64]]
    }

    /// More times than a bucket has in any run, few enough that sums of them are numbers still.
    private static let most: UInt64 = 1 << 40
    private static let mostSlices = 10_000

    private static func slice(_ numbers: [UInt64], _ indices: [Int]) throws -> LatencyHistogram {
        var buckets: [LatencyHistogram.Bucket] = []
        for at in stride(from: 0, to: numbers.count, by: 2) {
            guard at + 1 < numbers.count, let place = Int(exactly: numbers[at]), place < indices.count else {
                throw ResultError("has a slice that refers to no bucket")
            }
            guard numbers[at + 1] < most, buckets.last.map({ $0.index < indices[place] }) ?? true else {
                throw ResultError("has a slice that is out of order, or counts more than a run can have")
            }
            buckets.append(.init(index: indices[place], count: numbers[at + 1]))
        }
        return LatencyHistogram(buckets)
    }
}

/// What is wrong with a result folder, as one line for the user.
package struct ResultError: Error, CustomStringConvertible, Equatable {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Error {
    /// Why a JSON text could not be read, in one line.
    package var jsonReason: String {
        if let error = self as? WorkloadError { return "the workload: \(error)" }
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        return switch self as? DecodingError {
        case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(path(context)) has another type"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(path(context)) has a value that is unknown"
        default: "not JSON"
        }
    }
}
