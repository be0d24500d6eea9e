/// One hostile or harmless token of the corpus.
public struct HostileToken: Sendable {
    /// As in the list of hostile cases: `NEG-A-3`.
    public var id: String
    /// The requirement that it tries.
    public var requirement: String
    public var what: String
    /// The whole header line.
    public var line: [UInt8]
    /// Whether it must be accepted: a control, which shows that the others are refused for their fault alone.
    public var isControl: Bool
}
