import AuthCore

#if AUTHBENCH_DEFECT
    import Backends
#endif

/// The defect that a program was built with on purpose: `AUTHBENCH_DEFECT=hs256-jwt:slow5 swift build …`.
///
/// No program for measuring has one.
public enum ChosenDefect {
    /// What was asked for at build time; `nil` in a sound program.
    public static var text: String? {
        #if AUTHBENCH_DEFECT
            DefectText.chosen
        #else
            nil
        #endif
    }

    #if AUTHBENCH_DEFECT
        private static let parts = DefectText.chosen.split(separator: ":", omittingEmptySubsequences: false)

        static var defect: Defect? { parts.last.flatMap { Defect($0) } }

        /// The strategies, that one of them replaced by its defective twin that the build was asked to.
        static func applied(to strategies: StrategyRegistry) -> StrategyRegistry {
            guard parts.count == 2, defect != nil,
                strategies.contains(where: { $0.descriptor.id == parts[0] })
            else {
                fatalError(
                    "AUTHBENCH_DEFECT is \(DefectText.chosen), not STRATEGY:slowPERCENT or STRATEGY:refuse")
            }
            return strategies.map { $0.descriptor.id == parts[0] ? twin(of: $0) : $0 }
        }

        private static func twin<S: AuthStrategy & ~Copyable>(
            of _: S.Type
        ) -> any (AuthStrategy & ~Copyable).Type { Defective<S>.self }
    #elseif DEBUG
        static var defect: Defect? { nil }
    #endif
}
