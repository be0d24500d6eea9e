/// Where the stores of a run are: part of each store's numbers is the way to it.
package struct StoreRecord: Encodable, Sendable {
    package struct SQLite: Encodable, Sendable {
        /// A database that is gone after the run, or the file of the option `--sqlite`.
        package enum File: String, Encodable, Sendable { case temporary, user }

        package let topology = "in-process"
        package var file: File
        /// How long the write-ahead log may become before a commit makes it begin anew.
        package var wal_limit_bytes: Int64
        /// The longest that it has been, loading left out; it passes the limit by what is written while readers finish.
        package var wal_peak_bytes = 0
        /// How often it was made to begin anew for its limit.
        package var wal_restarts = 0

        package init(file: File, wal_limit_bytes: Int64) {
            self.file = file
            self.wal_limit_bytes = wal_limit_bytes
        }
    }

    package struct Redis: Encodable, Sendable {
        /// `unix`, `tcp-loopback` (also an address of the host's own, or a forwarded port) or `tcp-remote`.
        package var topology: String
        package var round_trip_p50_ns: UInt64
        package var round_trip_min_ns: UInt64
        /// How many were measured, one after the other over one connection.
        package var round_trips: Int

        package init(
            topology: String, round_trip_p50_ns: UInt64, round_trip_min_ns: UInt64, round_trips: Int
        ) {
            self.topology = topology
            self.round_trip_p50_ns = round_trip_p50_ns
            self.round_trip_min_ns = round_trip_min_ns
            self.round_trips = round_trips
        }
    }

    /// `null` where no strategy of the run keeps anything there; so is `redis`.
    @OrNull package var sqlite: SQLite?
    @OrNull package var redis: Redis?

    package init() {}
}
