/// Which programs and libraries took part, and how each was built and set.
package struct VersionRecord: Encodable, Sendable {
    /// What is in force on each client's connection: names and values are those of the pragmas.
    package struct SQLiteSettings: Encodable, Sendable {
        package var journal_mode: String
        package var synchronous: String
        package var page_size: Int64
        /// Pages, or KiB where negative.
        package var cache_size: Int64
        package var mmap_size: Int64
        /// Pages.
        package var wal_autocheckpoint: Int64
        package var journal_size_limit: Int64

        package init(
            journal_mode: String, synchronous: String, page_size: Int64, cache_size: Int64,
            mmap_size: Int64, wal_autocheckpoint: Int64, journal_size_limit: Int64
        ) {
            self.journal_mode = journal_mode
            self.synchronous = synchronous
            self.page_size = page_size
            self.cache_size = cache_size
            self.mmap_size = mmap_size
            self.wal_autocheckpoint = wal_autocheckpoint
            self.journal_size_limit = journal_size_limit
        }
    }

    package var authbench: String
    package var swift: String
    package var sqlite: String
    package var sqlite_compile_options: [String]
    /// `null` where no strategy of the run needs a database.
    @OrNull package var sqlite_settings: SQLiteSettings?
    package var openssl: String
    /// The CPU's capabilities as OpenSSL sees them.
    @OrNull package var openssl_cpu: String?
    /// `null` where no strategy of the run needs a server, as the two that follow.
    @OrNull package var redis: String?
    /// What `CONFIG GET` answers for the parameters that matter; `null` where the server refuses it.
    @OrNull package var redis_config: [String: String]?
    /// The version of the headers it was compiled with.
    @OrNull package var hiredis: String?

    package init(
        authbench: String, swift: String, sqlite: String, sqlite_compile_options: [String], openssl: String
    ) {
        self.authbench = authbench
        self.swift = swift
        self.sqlite = sqlite
        self.sqlite_compile_options = sqlite_compile_options
        self.openssl = openssl
    }
}
