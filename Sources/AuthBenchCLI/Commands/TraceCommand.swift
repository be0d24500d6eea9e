import ArgumentParser
import AuthCore
import AuthResults

/// `authbench trace` prints the first operations of a trace, and its hash.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Shows what each client will do, as CSV, and prints the hash of all requests.",
        discussion: """
            Two runs can be compared when their hash, trace_sha256, is the same.

            EXAMPLES:
              authbench trace
              authbench trace browse --clients 2 --count 20
            """)

    @OptionGroup var workload: WorkloadOptions

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "How many operations of each client are printed.")
    var count = 10

    func validate() throws {
        guard count >= 0 else { throw ValidationError("--count is \(count): give 0 or more") }
    }

    func run() throws {
        let trace = Trace(try workload.resolve())
        try Console.output(CSV.text(columns, rows(of: trace)))
        Console.say("trace_sha256 \(trace.sha256())")
    }

    private struct Row {
        var client: Int
        var index: Int
        var operation: Operation
        var arrival_ns: UInt64?
        var subject: Subject
    }

    private func rows(of trace: Trace) -> [Row] {
        trace.clients.enumerated().flatMap { client, own in
            own.operations.prefix(count).enumerated().map { index, operation in
                Row(
                    client: client, index: index, operation: operation,
                    arrival_ns: own.arrivals.times_ns.isEmpty ? nil : own.arrivals.times_ns[index],
                    subject: trace.slot(of: operation, client: client).subject)
            }
        }
    }

    private var columns: [Column<Row>] {
        [
            Column(printed: "client") { .integer(Int64($0.client)) },
            Column(printed: "index") { .integer(Int64($0.index)) },
            Column(printed: "time_ms") { .integer(Int64($0.operation.time_ms)) },
            Column(printed: "arrival_ns") { .count($0.arrival_ns) },
            Column(printed: "operation") { .text($0.operation.kind.name) },
            Column(printed: "slot") { .integer(Int64($0.operation.slot)) },
            Column(printed: "subject") { .count($0.subject.id) },
        ]
    }
}
