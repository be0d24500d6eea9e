import AuthResults

extension Claim {
    /// What a credential weighs.
    static let sizes = [
        Self(
            "CLM-01", "A session token is small, 32 to 64 bytes; a signed JWT has 300 bytes and more",
            rule:
                "It holds if the session's credential has 32 to 64 bytes, and each token 300 or more with each profile of claims. If the smallest token has fewer, the boundary is the claims that it lacks: 3 bytes of them make 4 (RFC 4648).",
            needs: [.read]
        ) { evidence throws(UnmeasuredError) in
            let session = try evidence.size("redis-session", "rfc9068", "credential_bytes")
            let profiles = ["tiny", "article", "rfc9068"]
            let tokens = try ["hs256-jwt", "rs256-jwt"].map { strategy throws(UnmeasuredError) in
                try profiles.map { profile throws(UnmeasuredError) in
                    try evidence.size(strategy, profile, "credential_bytes")
                }
            }.flatMap { $0 }
            let figures = [session] + tokens
            guard 32...64 ~= session.value, let least = tokens.map(\.value).min(),
                tokens.contains(where: { $0.value >= 300 })
            else { return Outcome(.doesNotHold, figures) }
            guard least < 300 else { return Outcome(.holds, figures) }
            let lacking = ((300 - least) * 3 / 4).rounded(.up)
            return Outcome(
                .holdsWhen(
                    "claims beyond those of the smallest token >= \(lacking.formatted(digits: 0)) bytes"),
                figures)
        },
        Self(
            "CLM-13", "The size of a token adds up, because it is sent with every request",
            rule:
                "It holds if a JWT needs 10 % more header bytes than a session even in HTTP/2, where a header that was sent before takes a byte or so. If only the first request differs, the boundary is the number of requests on a connection at which the mean excess falls below 10 % of that in HTTP/1.1.",
            needs: [.read]
        ) { evidence throws(UnmeasuredError) in
            func excess(_ column: String) throws(UnmeasuredError) -> (Figure, Figure) {
                (
                    try evidence.size("hs256-jwt", "rfc9068", column),
                    try evidence.size("redis-session", "rfc9068", column)
                )
            }
            let lines = try excess("request_header_bytes")
            let (first, again) = (try excess("http2_first_bytes"), try excess("http2_repeat_bytes"))
            let figures = [lines, first, again].flatMap { [$0.0, $0.1] }
            let whole = lines.0.value - lines.1.value
            guard whole > 0.1 * lines.1.value else { return Outcome(.doesNotHold, figures) }
            let rest = again.0.value - again.1.value
            let limit = 0.1 * whole
            guard rest < limit else { return Outcome(.holds, figures) }
            let requests = ((first.0.value - first.1.value - rest) / (limit - rest)).rounded(.up)
            return Outcome(
                .holdsWhen("requests on one HTTP/2 connection < \(requests.formatted(digits: 0)) requests"),
                figures)
        },
        Self(
            "CLM-23", "The size of a header does not matter",
            unmeasured:
                "it has no experiment yet: authbench run --over-http measures requests; claims.csv has the bytes under CLM-13"
        ),
    ]
}

extension Evidence {
    /// A column of `size.csv` of the experiment `read` or another one.
    func size(
        _ strategy: String, _ profile: String, _ column: String, of experiment: ClaimExperiment = .read
    ) throws(UnmeasuredError) -> Figure {
        let words = column.replacing("_", with: " ").replacing(" bytes", with: "")
        return try stated(
            "\(words) of \(strategy), claims \(profile)",
            column.hasSuffix("_bytes") ? "bytes" : "commands", "size.csv", of: experiment.rawValue, strategy,
            where: ["claim_profile": profile], column)
    }

    /// How many commands a check sends to the store.
    func commands(
        _ strategy: String, of experiment: ClaimExperiment = .read
    ) throws(UnmeasuredError) -> Figure {
        try size(strategy, "rfc9068", "store_commands_per_authenticate", of: experiment)
    }
}
