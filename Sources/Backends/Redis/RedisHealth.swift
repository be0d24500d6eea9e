/// By what a server shows whether it has lost what it was told.
package struct RedisHealth: Sendable, Equatable {
    var runID: String?
    var evicted: UInt64 = 0
    var flushes: UInt64 = 0
    var policy: String?
    var maximum: String?

    /// Asks the server; what it does not tell is not compared.
    package init(at endpoint: RedisEndpoint) throws(RedisError) {
        let information = try RedisInformation(at: endpoint)
        runID = information["run_id"]
        evicted = information["evicted_keys"].flatMap { UInt64($0) } ?? 0
        (policy, maximum) = (information["maxmemory_policy"], information["maxmemory_human"])
        guard let commands = try? RedisInformation(at: endpoint, section: "commandstats") else { return }
        for name in ["cmdstat_flushall", "cmdstat_flushdb"] {
            // calls=1,usec=21,...
            let calls = commands[name]?.split(separator: ",").first { $0.hasPrefix("calls=") }
            flushes += calls.flatMap { UInt64($0.dropFirst("calls=".count)) } ?? 0
        }
    }

    /// - Parameter before: how it was at the beginning.
    /// - Returns: what was lost since then, as the end of a sentence; `nil` where nothing shows.
    package func loss(since before: Self) -> String? {
        if runID != before.runID { return "Redis was restarted meanwhile, and had not kept what it was told" }
        if flushes > before.flushes { return "somebody emptied Redis meanwhile (FLUSHALL or FLUSHDB)" }
        guard evicted > before.evicted else { return nil }
        return "Redis evicted \(evicted - before.evicted) keys meanwhile (maxmemory \(maximum ?? "unknown"),"
            + " maxmemory-policy \(policy ?? "unknown")): give it more memory, or the policy noeviction"
    }
}
