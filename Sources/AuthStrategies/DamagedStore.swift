/// What a store says that no strategy of ours can have written: an error, never a decision and never a crash.
struct DamagedStore: Error, Equatable, CustomStringConvertible {
    var description: String

    /// - Parameters:
    ///   - table: where it stands.
    ///   - content: what stands there.
    init(table: String, _ content: String) {
        description = "the store is damaged: \(table) holds \(content); empty it, or name a new one"
    }
}
