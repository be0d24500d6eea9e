import Glibc

/// The number of files a process may have open (getrlimit(2)).
package enum FileLimit {
    /// Raises the soft limit to the hard one: each client holds a handful of connections and database files.
    package static func raise() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // Where it is not allowed, opening the last file says so.
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
