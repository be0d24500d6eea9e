/// What takes from a credential what it could do.
public enum Revocation: String, CaseIterable, Sendable {
    case logout
    /// The permission that the probed route requires is taken away; the session goes on.
    case permissionChange = "permission-change"
}

/// How long one credential was still accepted after its revocation had been acknowledged, as far as probes tell.
///
/// In milliseconds of the strategy's clock.
package struct Exposure: Sendable, Equatable {
    /// Until the last accepted probe began; 0 where none began after the acknowledgement.
    package var shortest_ms: Double
    /// Until the first refused probe after that began; infinite where there was none.
    package var longest_ms: Double
    /// How late the revocation was acknowledged; on time, the exposure would have been so much longer.
    package var delay_ms: Double

    package init(shortest_ms: Double, longest_ms: Double, delay_ms: Double = 0) {
        self.shortest_ms = shortest_ms
        self.longest_ms = longest_ms
        self.delay_ms = delay_ms
    }

    package func scaled(by factor: Double) -> Self {
        Self(
            shortest_ms: shortest_ms * factor, longest_ms: longest_ms * factor, delay_ms: delay_ms * factor)
    }
}

/// How long a login still worked after its revocation for a holder who renews whenever it can, on the strategy's clock.
package struct LoginExposure: Sendable, Equatable {
    /// From the revocation to the last accepted request, which may carry a renewed credential.
    package var shortest_ms = 0.0
    /// How often the holder got a fresh credential after the revocation.
    package var renewals = 0
    /// Whether it was still good when the holder was followed no longer.
    package var isEndless = false

    package init() {}
}

/// What the probes of one strategy found after revocations of one kind.
package struct ExposureMeasurement: Sendable, Equatable {
    package var strategy: String
    package var revocation: Revocation
    package var promise: RevocationPromise
    package var lifetime: CredentialLifetime
    /// How long others may go by what they know, in milliseconds.
    package var staleness_ms: Int64 = 0
    /// Whether theory says how long a credential is still accepted, not only how long at most.
    package var hasTheory = true
    /// The one that revokes, and those that probe.
    package var clients: Int
    /// How many milliseconds of the strategy's clock pass in a real one.
    package var compression: Double
    /// One for each credential that was alive when it was revoked.
    package var exposures: [Exposure] = []
    /// Requests with these credentials, before and after their revocation.
    package var probes: UInt64 = 0
    /// Accepted requests that began after the acknowledgement.
    package var acceptedAfter: UInt64 = 0
    /// Credentials accepted later than the strategy's longest lifetime after their issue.
    package var outlived = 0
    /// Credentials for which a request was on its way while they were being revoked.
    package var contested = 0
    /// Credentials that had expired before their revocation; they are in no other number.
    package var expiredBefore = 0
    /// Good credentials refused before their revocation, or accepted as somebody else at any time.
    package var wrong = 0
    /// How late the latest revocation was, in nanoseconds of real time.
    package var lag_ns: UInt64 = 0
    package var errors = ErrorKinds()
    /// What the store lost of what it had been told; `nil` where nothing is known.
    package var storeLoss: String?
    /// One for each login that was followed beyond its credential.
    package var logins: [LoginExposure] = []
    /// The longest that the strategy allows one, in milliseconds.
    package var longestLogin_ms: Int64 = .max

    package init(
        strategy: String, revocation: Revocation, promise: RevocationPromise, lifetime: CredentialLifetime,
        clients: Int, compression: Double
    ) {
        self.strategy = strategy
        self.revocation = revocation
        self.promise = promise
        self.lifetime = lifetime
        self.clients = clients
        self.compression = compression
    }

    /// Accepted requests that the strategy's promise rules out; a credential that was accepted for longer than it may be
    /// by others, and one or a login that outlived its lifetime, counts once.
    package var falseAccepts: UInt64 {
        let tooLate: UInt64 =
            switch promise {
            case .immediate: acceptedAfter
            case .pushed, .cached: UInt64(exposures.count { $0.shortest_ms > Double(staleness_ms) })
            case .atExpiry: 0
            }
        return UInt64(outlived + outlivedLogins) + tooLate
    }

    /// Logins that worked longer than the strategy says.
    package var outlivedLogins: Int {
        logins.count { $0.isEndless || $0.shortest_ms > Double(longestLogin_ms) }
    }
}

/// Which credentials there are and when each is revoked: the same for every strategy.
///
/// Ages are in shares of the lifetime, so that a plan fits every lifetime.
package struct RevocationPlan: Sendable, Equatable {
    /// One credential.
    package struct Entry: Sendable, Equatable {
        package var subject: Subject
        package var revocation: Revocation
        /// The age at which it is revoked, as a share of the longest lifetime.
        package var age: Double
        /// When it is revoked, as a share of the time in which all are, or of its age where that is shorter: all
        /// credentials are issued before the clock starts.
        package var moment: Double
    }

    package private(set) var entries: [Entry] = []

    /// Draws one credential from each of as many equal parts of the lifetime, for each kind of revocation.
    ///
    /// So the ages are spread more evenly than by chance, which makes intervals for samples drawn by chance wider
    /// than they need be, never narrower.
    package init(credentials: Int, seed: UInt64) {
        var random = RandomSource(seed: seed, stream: 0xE4B0_5EED)
        let kinds = Revocation.allCases.count
        for index in 0..<credentials {
            let revocation = Revocation.allCases[index % kinds]
            let parts = (credentials - index % kinds - 1) / kinds + 1
            let age = (Double(index / kinds) + random.unit()) / Double(parts)
            entries.append(
                Entry(
                    subject: Subject(id: UInt64(index) + 1), revocation: revocation, age: age,
                    moment: random.unit()))
        }
    }

    /// The whole plan as bytes, the same for the same plan, policy and distance, to be hashed.
    package func canonicalBytes(_ policy: Policy, storeRTT: StoreRTT? = nil) -> [UInt8] {
        var bytes = Array("authbench withdrawals 1 \(policy.canonicalText)".utf8)
        storeRTT?.append(to: &bytes)
        for entry in entries {
            bytes.append(entry.subject.id, count: 8)
            bytes.append(contentsOf: entry.revocation.rawValue.utf8)
            bytes.append(entry.age.bitPattern, count: 8)
            bytes.append(entry.moment.bitPattern, count: 8)
        }
        return bytes
    }
}
