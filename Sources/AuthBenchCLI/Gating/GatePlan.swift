import AuthReport
import AuthStatistics
import Foundation

/// What a gate will do, all options checked.
struct GatePlan {
    /// How long a slice of the base takes, about; short enough that many fit between two bursts of noise.
    static let slice_ms = 10.0

    var base: URL
    var head: URL
    /// Beginnings of names; all but the floor when empty.
    var strategies: [String]
    var operations: [String]
    var clients: Int
    var population: Int
    var seed: UInt64
    var budget_s: Double
    var quads: Int
    var countsInstructions: Bool
    var rules = StagedTest.Rules()
    /// Where the recording and the reports go; `nil` for nowhere.
    var out: URL?
    var isQuiet: Bool
}
