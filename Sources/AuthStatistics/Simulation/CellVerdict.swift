/// What a simulated gate said of one cell.
struct CellVerdict {
    var isFlagged: Bool
    /// `nil` for gates that only know flagged and not flagged.
    var isPassed: Bool?
    /// How many blocks, or runs of each build, it took.
    var blocks: Int

    var isInconclusive: Bool? { isPassed.map { !$0 && !isFlagged } }
}
