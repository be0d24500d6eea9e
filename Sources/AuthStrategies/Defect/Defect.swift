#if AUTHBENCH_DEFECT || DEBUG
    /// What a build does worse than it should, so that the gate has something to find.
    enum Defect: Equatable, Sendable {
        /// `authenticate` does this share of its work twice.
        case slow(percent: Int)
        case named(Name)

        enum Name: String, CaseIterable, Sendable {
            /// `authenticate` refuses one good credential in 1000.
            case refuse
            /// Each verb holds a lock that all clients share.
            case lock
            /// A line of a log is formatted for each refusal.
            case slowRefusal = "refuse-slow"
            /// A request that prolongs its session is decided twice.
            case slowTouch = "touch-slow"
            /// A sign-out is done twice.
            case slowLogout = "logout-slow"
            /// Each verb takes 32 bytes of memory and forgets them.
            case leak
            /// Redis only: one command more in the same round trip.
            case command
            /// One of 2000 expired credentials is accepted.
            case expired = "expired1in2000"
            /// Each request is printed.
            case print
            /// A request computes on a thread of the strategy's own.
            case threads
            /// The 1000th request ends the program as if all were well.
            case exit
            /// The 1000th request stops the program by a failed check.
            case crash
            /// The 1000th request never ends.
            case hang
            /// Nothing: what another build alone makes of the times.
            case none
        }

        /// Reads `slow5` or a name.
        ///
        /// - Returns: `nil` for any other text, and for a share that is not 1 to 50 per cent.
        init?(_ text: some StringProtocol) {
            if let name = Name(rawValue: String(text)) {
                self = .named(name)
            } else if text.hasPrefix("slow"), let percent = Int(text.dropFirst(4)), 1...50 ~= percent {
                self = .slow(percent: percent)
            } else {
                return nil
            }
        }

        static let names = "slowPERCENT, " + Name.allCases.map(\.rawValue).joined(separator: ", ")
    }
#endif
