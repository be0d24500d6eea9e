import AuthStatistics
import Foundation

/// A cell in which the base was measured against a second process of itself: whatever it shows is the gate's own bias.
struct GateSentinel {
    /// A bias that matters, as a share.
    static let greatestEffect = 0.01
    static let level = 0.001

    let name: String
    let effect: Double
    let p: Double
    let blocks: Int

    /// Of all blocks that count; `nil` without any.
    init?(_ recording: GateRecording, cell: Int) {
        let kept = recording.blocks.filter { $0.facts.dropped == nil }
        let logRatios = GateRecording.logRatios(kept, cell, .time_ns)
        guard let location = HodgesLehmann(logRatios) else { return nil }
        name = recording.header.cells[cell].name
        effect = exp(location.estimate) - 1
        p = SignedRank(logRatios).pTwoSided
        blocks = logRatios.count
    }

    var isBiased: Bool { abs(effect) >= Self.greatestEffect && p < Self.level }
}
