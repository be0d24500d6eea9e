/// What can happen to a store.
package enum StoreFault: String, CaseIterable, Sendable {
    /// The server does nothing for a while; its connections stay.
    case stop
    /// The server dies, and is started again: Redis is empty then, PostgreSQL has what had reached the disk, an authority what
    /// its file has.
    case kill
    /// Nothing reaches the server or comes back; who waits is told nothing.
    case cut
    /// Every connection is broken, and each new one too.
    case reset
    /// The server answers slowly.
    case slow
    /// The server dies, and its replica takes its place.
    case failover
    /// Another program writes to the database and does not finish.
    case lock
    /// The disk takes no more.
    case full

    /// The kinds of store that it happens to.
    package var stores: Set<Store> {
        switch self {
        case .stop, .kill, .cut, .reset, .slow: [.redis, .postgres, .authority]
        case .failover: [.redis, .redisCluster]
        case .lock, .full: [.sqlite]
        }
    }

    /// Whether the store may forget what it has acknowledged.
    package var losesWrites: Bool { self == .kill || self == .failover }

    /// Whether it ends the server or stops it: nobody may do that to a user's own.
    package var endsServer: Bool {
        switch self {
        case .stop, .kill, .failover: true
        case .cut, .reset, .slow, .lock, .full: false
        }
    }
}

/// One request of an outage; times are since the first was due, in nanoseconds.
package struct OutageRequest: Sendable, Equatable {
    /// What came of it.
    package enum Answer: UInt8, Sendable {
        /// Accepted, or done, as it must be.
        case accepted
        /// Refused, as it must be.
        case refused
        /// A good credential was refused.
        case goodRefused
        /// A revoked credential was accepted, as the strategy says it may be.
        case staleAccepted
        /// A credential was accepted whose sign-out was acknowledged, but is one of those that a failover has undone.
        case revived
        /// A bad credential was accepted, or a good one as somebody else's.
        case wronglyAccepted
        /// The strategy could not decide.
        case undecided
    }

    package var kind: OperationKind
    package var due_ns: UInt64
    package var end_ns: UInt64
    package var answer: Answer

    package init(kind: OperationKind, due_ns: UInt64, end_ns: UInt64, answer: Answer) {
        self.kind = kind
        self.due_ns = due_ns
        self.end_ns = end_ns
        self.answer = answer
    }

    /// From when it was due until it was answered.
    package var response_ns: UInt64 { end_ns - min(end_ns, due_ns) }
}

/// What the store still knew when all was over: each credential was presented once more.
package struct OutageAftermath: Sendable, Equatable {
    /// Credentials that must be good.
    package var good = 0
    /// Those of them that were refused.
    package var lost = 0
    /// Credentials whose sign-out was acknowledged, of which the strategy must know.
    package var signedOut = 0
    /// Those of them that were accepted, or could be renewed.
    package var cameBack = 0
    /// Credentials on which nothing was decided.
    package var undecided = 0

    package init() {}

    package static func += (left: inout Self, right: Self) {
        left.good += right.good
        left.lost += right.lost
        left.signedOut += right.signedOut
        left.cameBack += right.cameBack
        left.undecided += right.undecided
    }
}

/// What a strategy did while its store was away.
package struct OutageMeasurement: Sendable {
    package var strategy: String
    package var promise: RevocationPromise
    /// `nil` where the strategy has no store to which any could happen.
    package var fault: StoreFault?
    /// Whether the store may have forgotten what it had acknowledged.
    package var losesWrites: Bool
    /// Whether what had been ended may be good again by that.
    package var mayRevive: Bool
    package var repeatIndex: Int
    package var clients: Int
    /// Requests per second that are due, of all clients.
    package var targetRate: Double
    /// How long requests are due, in nanoseconds.
    package var duration_ns: UInt64
    /// When the fault began, and when the store was back; the same clock as the requests'.
    package var fault_ns: Range<UInt64>
    /// In the order in which they were due.
    package var requests: [OutageRequest]
    package var check: OutageAftermath
    package var errors: ErrorKinds
    /// The longest time for which the machine stood still.
    package var standstill_ns: UInt64 = 0
    /// Of a fail-over: how long the replica is behind, and how many replicas a sign-out waits for.
    package var replication: Replication?

    package struct Replication: Sendable, Equatable {
        package var delay_ns: UInt64
        package var replicas: Int

        package init(delay_ns: UInt64, replicas: Int) {
            (self.delay_ns, self.replicas) = (delay_ns, replicas)
        }
    }

    package init(
        strategy: String, promise: RevocationPromise, fault: StoreFault?, repeatIndex: Int, clients: Int,
        targetRate: Double, duration_ns: UInt64, fault_ns: Range<UInt64>, requests: [OutageRequest],
        check: OutageAftermath, errors: ErrorKinds
    ) {
        self.strategy = strategy
        self.promise = promise
        self.fault = fault
        losesWrites = fault?.losesWrites ?? false
        mayRevive = fault == .failover
        self.repeatIndex = repeatIndex
        self.clients = clients
        self.targetRate = targetRate
        self.duration_ns = duration_ns
        self.fault_ns = fault_ns
        self.requests = requests
        self.check = check
        self.errors = errors
    }
}
