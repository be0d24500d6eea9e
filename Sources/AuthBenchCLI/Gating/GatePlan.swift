import AuthReport
import AuthStatistics
import Foundation

/// What a gate will do, all options checked.
struct GatePlan {
    var base: URL
    var head: URL
    /// Beginnings of names; all but the floor when empty.
    var strategies: [String]
    var operations: [GateOperation]
    /// Of the cells that have several.
    var clients: Int
    var population: Int
    var seed: UInt64
    var budget_s: Double
    /// Half the slices.
    var isFast: Bool
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
