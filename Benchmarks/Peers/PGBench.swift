import Contest

/// The program pgbench, which comes with PostgreSQL.
public enum PGBench {
    /// SELECTs of one row by its key, prepared, over so many connections.
    public static func select(url: String, connections: Int) throws -> Contestant {
        try PeerProgram.output("pgbench", ["-i", "-q", "-s", "1", url])
        return Contestant { count in
            let share = max(1, count / connections)
            let output = try PeerProgram.output(
                "pgbench",
                [
                    "-S", "-M", "prepared", "-n", "-c", String(connections), "-j",
                    String(min(2, connections)),
                    "-t", String(share), url,
                ])
            guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("tps = ") }),
                let perSecond = line.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }),
                perSecond > 0
            else { throw NotReadyError(name: "pgbench") }
            return UInt64(Double(count) / perSecond * 1e9)
        }
    }
}
