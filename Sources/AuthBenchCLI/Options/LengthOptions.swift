import ArgumentParser
import AuthHarness

/// Holds the arguments that say how long and how often a run measures.
struct LengthOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long each repeat measures a strategy (default: 1). A longer time gives p99 more requests.",
            valueName: "seconds"))
    var duration: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Measures this many operations in each repeat instead of a time; all clients share them.",
            valueName: "count"))
    var operations: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long the same load runs before each measurement without being recorded.",
            valueName: "seconds"))
    var warmUp = 0.25

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many times each strategy is measured, in a new random order each time.", valueName: "count"))
    var repeats = 3

    private static let mostOperations = 100_000_000_000

    /// Checks what says how often, and how long before.
    func check() throws(CommandError) {
        guard 1...10_000 ~= repeats else {
            throw CommandError.usage("--repeats is \(repeats): give 1 to 10000")
        }
        guard (0...RunPlan.longest_s).contains(warmUp) else {
            throw CommandError.usage("--warm-up is \(warmUp): give 0 to 3600 seconds")
        }
    }

    func extent() throws -> Extent {
        if let operations {
            guard duration == nil else {
                throw CommandError.usage("--duration and --operations exclude each other: give one of them")
            }
            guard 1...Self.mostOperations ~= operations else {
                throw CommandError.usage("--operations is \(operations): give 1 to \(Self.mostOperations)")
            }
            return .operations(operations)
        }
        let seconds = duration ?? 1
        guard (0.001...RunPlan.longest_s).contains(seconds) else {
            throw CommandError.usage("--duration is \(seconds): give 0.001 to 3600 seconds")
        }
        return .duration(nanoseconds: UInt64(seconds * 1e9))
    }
}
