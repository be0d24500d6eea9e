import AuthReport
import AuthStatistics
import Foundation

/// What a gate will do, all options checked.
struct GatePlan {
    /// How long a slice of the base takes, about; so short that the four of a quad mostly meet one speed of the
    /// processor.
    static let slice_ms = 2.5

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

    /// The program of a side, and how messages call it.
    func program(_ role: GateRole) -> (url: URL, name: String) {
        let url = role == .base ? base : head
        return (url, "\(role.rawValue) (\(url.path))")
    }
}
