/// Whose sessions are ended, and how fast.
package struct LogoutEverywherePlan: Sendable, Equatable {
    /// How many sessions a user has; one after the other is measured.
    package var sessions: [Int]
    /// How many users are ended in each turn.
    package var users: Int
    /// From the beginning of one logout to that of the next.
    package var every_ns: UInt64
    /// Whether all sessions of these users are their first: a store that keeps a list of them may have to search all others.
    package var areNewcomers: Bool

    package init(sessions: [Int], users: Int, every_ns: UInt64, areNewcomers: Bool = false) {
        (self.sessions, self.users, self.every_ns) = (sessions, users, every_ns)
        self.areNewcomers = areNewcomers
    }

    /// How long a turn lasts, with logouts or without.
    package var turn_ns: UInt64 { UInt64(users) * every_ns }

    /// Puts it among the bytes of a hash, after those of the trace of the other users.
    package var canonicalBytes: [UInt8] {
        var bytes = Array("authbench logout everywhere 1".utf8)
        for number in sessions + [users] { bytes.append(UInt64(number), count: 8) }
        bytes.append(every_ns, count: 8)
        bytes.append(areNewcomers ? 1 : 0, count: 1)
        return bytes
    }
}

/// What one turn of `authbench logout-everywhere` found: other users' requests, with logouts beside them or without.
package struct LogoutEverywhereMeasurement: Sendable {
    /// The end of all sessions of one user.
    package struct Logout: Sendable, Equatable {
        package var wall_ns: UInt64
        package var storeCommands: Int
        package var storeRoundTrips: Int

        package init(wall_ns: UInt64, storeCommands: Int, storeRoundTrips: Int) {
            (self.wall_ns, self.storeCommands) = (wall_ns, storeCommands)
            self.storeRoundTrips = storeRoundTrips
        }
    }

    /// What became of the credentials of these users, each presented before and afterwards.
    package struct Check: Sendable, Equatable {
        /// Good credentials that were presented on another client before the logout.
        package var before = 0
        /// Those of them that were not accepted as their owner's.
        package var refusedBefore = 0
        /// Credentials presented afterwards: on the client that ended them, and on another one.
        package var after = 0
        /// Accepted or renewed afterwards, against the promise of the strategy.
        package var acceptedAfter = 0
        /// Accepted afterwards as the strategy says: a token until it expires.
        package var allowedAfter = 0
        /// Requests of other users decided after the turn, and those of them that were wrong.
        package var others = 0
        package var othersWrong = 0

        package init() {}

        package static func += (left: inout Self, right: Self) {
            left.before += right.before
            left.refusedBefore += right.refusedBefore
            left.after += right.after
            left.acceptedAfter += right.acceptedAfter
            left.allowedAfter += right.allowedAfter
            left.others += right.others
            left.othersWrong += right.othersWrong
        }
    }

    package var strategy: String
    package var promise: RevocationPromise
    /// How many sessions each user had who was logged out; 0 where nobody was.
    package var sessions: Int
    package var repeatIndex: Int
    package var every_ns: UInt64
    package var areNewcomers: Bool
    /// What other users sent meanwhile; `nil` where nothing was measured.
    package var requests: RepeatMeasurement?
    /// One for each user, in their order.
    package var logouts: [Logout] = []
    /// Those of them that ended when the others' requests were over.
    package var lateLogouts = 0
    package var check = Check()
    /// Why the strategy ends nothing, so that there is nothing to measure.
    package var impossible: String?

    package init(
        strategy: String, promise: RevocationPromise, sessions: Int, repeatIndex: Int,
        every_ns: UInt64, areNewcomers: Bool = false
    ) {
        (self.strategy, self.promise, self.sessions) = (strategy, promise, sessions)
        (self.repeatIndex, self.every_ns) = (repeatIndex, every_ns)
        self.areNewcomers = areNewcomers
    }
}
