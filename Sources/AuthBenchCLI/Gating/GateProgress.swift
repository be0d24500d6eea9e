import AuthReport
import Foundation

/// Says how far a gate is: on a terminal in one line that is drawn anew, elsewhere in one line for each stage.
final class GateProgress {
    private let plan: GatePlan
    private let isTerminal = Console.isErrorTerminal
    private var stage = 0

    init(_ plan: GatePlan) { self.plan = plan }

    func show(_ text: String) {
        if !plan.isQuiet, isTerminal { Console.overwrite(text) }
    }

    /// - Parameters:
    ///   - stage: the one that is going on, from 1.
    ///   - kept: its blocks so far that count.
    ///   - cells: how many are measured in it.
    ///   - elapsed_ns: since the gate began.
    ///   - block_ns: how long the last block took; 0 before the first.
    func show(stage: Int, kept: Int, cells: Int, elapsed_ns: UInt64, block_ns: UInt64) {
        let blocks = plan.rules.blocks[stage - 1]
        let budget_s = max(0, plan.budget_s - Double(elapsed_ns) / 1e9)
        if isTerminal {
            let rest_s = min(budget_s, Double(block_ns) / 1e9 * Double(blocks - kept))
            let left = block_ns == 0 ? "" : ", about \(Int(rest_s.rounded(.up))) s to its end"
            show(
                "stage \(stage), block \(kept + 1) of \(blocks), \(cells) cells\(left), budget \(Int(budget_s)) s"
            )
        } else if stage != self.stage, !plan.isQuiet {
            Console.say(
                "stage \(stage): \(blocks) blocks of \(cells) cells, \(Int(budget_s)) s of the budget left")
        }
        self.stage = stage
    }

    func clear() { show("") }
}
