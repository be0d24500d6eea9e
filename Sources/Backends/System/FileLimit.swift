import Glibc

/// The number of files a process may have open (getrlimit(2)).
package enum FileLimit {
    /// Raises the soft limit to the hard one: each client holds a handful of connections and database files.
    ///
    /// - Returns: how many files may be open from now on.
    @discardableResult
    package static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return .max }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
        guard unsafe getrlimit(resource, &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }
}
