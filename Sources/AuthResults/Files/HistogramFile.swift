import AuthCore
import Foundation

/// `histograms/<strategy>-<repeat>-<operation>-<clock>.json`: every recorded time of one cell, without loss and
/// mergeable by adding counts.
package struct HistogramFile: Sendable {
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

    package var head: Head
    package var times: SlicedHistogram

    package var name: String {
        "\(head.strategy)-\(head.repeat)-\(head.operation)-\(head.clock).json"
    }

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

    /// The head and, as `columns` says, `[lower_ns, upper_ns, count]` for each bucket; then for each slice of
    /// the measurement the places of its buckets in that list, each followed by its count.
    ///
    /// The numbers are written by hand, because there are millions.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var text = try encoder.encode(head).dropLast()
        text += Data(#","columns":["lower_ns","upper_ns","count"],"buckets":["#.utf8)
        var places: [Int: Int] = [:]
        for (place, bucket) in times.total.buckets.enumerated() {
            places[bucket.index] = place
            let comma = place > 0 ? "," : ""
            text += Data("\(comma)[\(bucket.lower_ns),\(bucket.upper_ns),\(bucket.count)]".utf8)
        }
        text += Data(#"],"slices":["#.utf8)
        for (index, slice) in times.slices.enumerated() {
            let numbers = slice.buckets.map { "\(places[$0.index] ?? 0),\($0.count)" }
            text += Data(((index > 0 ? ",[" : "[") + numbers.joined(separator: ",") + "]").utf8)
        }
        return text + Data("]}\n".utf8)
    }

    /// Reads such a file strictly.
    ///
    /// - Throws: `ResultError`, without the file's name.
    package init(json: Data) throws {
        let body: Body
        do {
            head = try JSONDecoder().decode(Head.self, from: json)
            body = try JSONDecoder().decode(Body.self, from: json)
        } catch { throw ResultError("is no histogram file: \(error.jsonReason)") }
        var indices: [Int] = []
        for bucket in body.buckets {
            let index = bucket.count == 3 ? BucketLayout.index(of: bucket[0]) : 0
            guard bucket.count == 3, 1..<Self.most ~= bucket[2], indices.last ?? -1 < index,
                index < BucketLayout.count, BucketLayout.lower_ns(index) == bucket[0],
                BucketLayout.upper_ns(index) == bucket[1]
            else {
                throw ResultError("has a bucket that is none of the layout's, or out of order: \(bucket)")
            }
            indices.append(index)
        }
        guard body.slices.count <= Self.mostSlices else {
            throw ResultError("has \(body.slices.count) slices, more than \(Self.mostSlices)")
        }
        times = SlicedHistogram(try body.slices.map { try Self.slice($0, indices) })
        guard times.total.buckets.map(\.count) == body.buckets.map({ $0[2] }) else {
            throw ResultError("has slices that do not add up to its buckets")
        }
    }

    private struct Body: Decodable {
        var buckets: [[UInt64]]
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
        switch self as? DecodingError {
        case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has another type"
        default: "not JSON"
        }
    }
}
