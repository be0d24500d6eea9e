/// Which credentials there are and when each is withdrawn: the same for every strategy.
///
/// Ages are in shares of the lifetime, so that a plan fits every lifetime.
public struct WithdrawalPlan: Sendable, Equatable {
    /// One credential.
    public struct Entry: Sendable, Equatable {
        public var subject: Subject
        public var withdrawal: Withdrawal
        /// The age at which it is withdrawn, as a share of the longest lifetime.
        public var age: Double
        /// When it is withdrawn, as a share of the time in which all are, or of its age where that is shorter: all
        /// credentials are issued before the clock starts.
        public var moment: Double
    }

    public private(set) var entries: [Entry] = []

    /// Draws one credential from each of as many equal parts of the lifetime, for each kind of withdrawal.
    ///
    /// So the ages are spread more evenly than by chance, which makes intervals for samples drawn by chance wider
    /// than they need be, never narrower.
    public init(credentials: Int, seed: UInt64) {
        var random = RandomSource(seed: seed, stream: 0xE4B0_5EED)
        let kinds = Withdrawal.allCases.count
        for index in 0..<credentials {
            let withdrawal = Withdrawal.allCases[index % kinds]
            let parts = (credentials - index % kinds - 1) / kinds + 1
            let age = (Double(index / kinds) + random.unit()) / Double(parts)
            entries.append(
                Entry(
                    subject: Subject(id: UInt64(index) + 1), withdrawal: withdrawal, age: age,
                    moment: random.unit()))
        }
    }

    /// The whole plan as bytes, the same for the same plan and policy, to be hashed.
    public func canonicalBytes(_ policy: Policy) -> [UInt8] {
        var bytes = Array("authbench withdrawals 1 \(policy.canonicalText)".utf8)
        for entry in entries {
            bytes.append(entry.subject.id, count: 8)
            bytes.append(contentsOf: entry.withdrawal.rawValue.utf8)
            bytes.append(entry.age.bitPattern, count: 8)
            bytes.append(entry.moment.bitPattern, count: 8)
        }
        return bytes
    }
}
