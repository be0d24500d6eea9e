/// Why a gate could not be carried out, or a recording not be read.
package struct GateError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// A program, a store or a file failed.
        case failed
        /// What the gate would write its recording into cannot be used.
        case badOutput
        /// The time that the gate may take is too short for anything.
        case badBudget
        /// A distance is asked for to a store that no strategy asks.
        case badDistance
        /// The two programs make different traces.
        case incomparable
        /// The two programs have no strategy in common.
        case nothingInCommon
    }

    package var kind: Kind
    /// One line for the user: what, where and what to do.
    package var description: String

    static func failed(_ description: String) -> Self { Self(kind: .failed, description: description) }
    static func badOutput(_ description: String) -> Self { Self(kind: .badOutput, description: description) }

    static func unlikeTraces(_ name: String) -> Self {
        Self(
            kind: .incomparable,
            description:
                "base and head make different traces of \(name): build both with one version of authbench")
    }
}
