#if AUTHBENCH_DEFECT || DEBUG
    /// Picks a share of all calls, spread as evenly as can be.
    struct Recurrence {
        private let perHundredThousand: Int
        private var debt = 0

        init(perHundredThousand: Int) {
            self.perHundredThousand = perHundredThousand
        }

        /// Whether this call is one of the share.
        mutating func isDue() -> Bool {
            debt += perHundredThousand
            guard debt >= 100_000 else { return false }
            debt -= 100_000
            return true
        }
    }
#endif
