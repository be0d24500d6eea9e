import AuthCore

#if AUTHBENCH_DEFECT
    import Backends
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
