import AuthCore
import Backends

#if AUTHBENCH_DEFECT || DEBUG
    /// What a build does worse than it should, so that the gate has something to find.
    enum Defect: Equatable, Sendable {
        /// `authenticate` does this share of its work twice.
        case slow(percent: Int)
        /// `authenticate` does its work so often.
        case times(Int)
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
            /// What was accepted is accepted for a minute more, whatever was revoked.
            case stale
            /// Nothing: what another build alone makes of the times.
            case none
        }

        /// Reads `slow5`, `times10` or a name.
        ///
        /// - Returns: `nil` for any other text, for a share that is not 1 to 50 per cent, and for a count that is not 2 to 100.
        init?(_ text: some StringProtocol) {
            if let name = Name(rawValue: String(text)) {
                self = .named(name)
            } else if text.hasPrefix("slow"), let percent = Int(text.dropFirst(4)), 1...50 ~= percent {
                self = .slow(percent: percent)
            } else if text.hasPrefix("times"), let count = Int(text.dropFirst(5)), 2...100 ~= count {
                self = .times(count)
            } else {
                return nil
            }
        }

        static let names = "slowPERCENT, timesCOUNT, " + Name.allCases.map(\.rawValue).joined(separator: ", ")
    }
#endif

/// The defect that a program has on purpose: `AUTHBENCH_DEFECT=hs256-jwt:slow5 swift build …`.
///
/// Built with `AUTHBENCH_DEFECT=by-name`, or for debugging, it has that of its file's name, `authbench+hs256-jwt+slow5`, so
/// that one build is enough for all. No program for measuring has one.
public enum ChosenDefect {
    /// What was asked for; `nil` in a sound program.
    public static var text: String? {
        #if AUTHBENCH_DEFECT
            DefectText.chosen == "by-name" ? ofName(program) : DefectText.chosen
        #elseif DEBUG
            ofName(program)
        #else
            nil
        #endif
    }

    #if AUTHBENCH_DEFECT || DEBUG
        private static var program: String { CommandLine.arguments.first ?? "" }

        /// What a program's path asks for.
        static func ofName(_ path: String) -> String? {
            let file = path.split(separator: "/").last ?? ""
            let parts = file.split(separator: "+", omittingEmptySubsequences: false)
            return parts.count == 3 ? "\(parts[1]):\(parts[2])" : nil
        }

        /// Worked out once: the hot path of a store asks for it.
        static let defect: Defect? = text?.split(separator: ":", omittingEmptySubsequences: false).last
            .flatMap { Defect($0) }

        /// The strategies, that one of them replaced by its defective twin that was asked for.
        static func applied(to strategies: StrategyRegistry) -> StrategyRegistry {
            guard let text else { return strategies }
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, defect != nil,
                strategies.contains(where: { $0.descriptor.id == parts[0] })
            else { fatalError("the defect is \(text), not STRATEGY:KIND with a KIND of \(Defect.names)") }
            return strategies.map { $0.descriptor.id == parts[0] ? twin(of: $0) : $0 }
        }

        private static func twin<S: AuthStrategy & ~Copyable>(
            of _: S.Type
        ) -> any (AuthStrategy & ~Copyable).Type { Defective<S>.self }
    #endif
}
