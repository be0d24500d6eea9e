#if AUTHBENCH_DEFECT || DEBUG
    /// What a build does worse than it should, so that the gate has something to find.
    enum Defect: Equatable, Sendable {
        /// `authenticate` does this share of its work twice.
        case slow(percent: Int)
        /// `authenticate` refuses one good credential in 1000.
        case refuse

        /// Reads `slow5` or `refuse`.
        ///
        /// - Returns: `nil` for any other text, and for a share that is not 1 to 50 per cent.
        init?(_ text: some StringProtocol) {
            if text == "refuse" {
                self = .refuse
            } else if text.hasPrefix("slow"), let percent = Int(text.dropFirst(4)), 1...50 ~= percent {
                self = .slow(percent: percent)
            } else {
                return nil
            }
        }
    }
#endif
