import AuthResults

extension Claim {
    /// What must not be possible.
    static let safety = [
        Self(
            "CLM-02", "Session tokens must be random enough",
            rule:
                "It holds if each identifier that is looked up shows 128 random bits (ASVS 5.0) over 256 sign-ins, and does not hold if one shows fewer (SES-01 of the checklist).",
            needs: [.conform]
        ) { evidence throws(UnmeasuredError) in
            try evidence.checked(["SES-01"]).outcome(whereSound: .holds)
        },
        Self(
            "CLM-14", "Signing with none, a wrong audience and an ignored expiry are real bugs to be tried",
            rule:
                "It holds if hostile tokens of all three kinds were tried on each strategy that signs, and none was accepted (JWT-08, 09, 24, 28 of the checklist). It does not hold if one was accepted: then this strategy has the bug.",
            needs: [.conform]
        ) { evidence throws(UnmeasuredError) in
            try evidence.checked(["JWT-08", "JWT-09", "JWT-24", "JWT-28"]).outcome(whereSound: .holds)
        },
        Self(
            "CLM-15", "The payload of a JWT can be read by anyone",
            rule:
                "It holds if claims of every strategy with a token were read by decoding base64url alone, without a key, and does not hold if one shows none (JWT-38 of the checklist).",
            needs: [.conform]
        ) { evidence throws(UnmeasuredError) in
            let figures = try ["hs256-jwt", "rs256-jwt", "es256-jwt", "denylist-redis", "hybrid"].map {
                strategy throws(UnmeasuredError) in
                try evidence.stated(
                    "claims of \(strategy) read without a key", "claims", "conform.csv",
                    of: ClaimExperiment.conform.rawValue, strategy, where: ["requirement": "JWT-38"], "cases")
            }
            return Outcome(figures.allSatisfy { $0.value > 0 } ? .holds : .doesNotHold, figures)
        },
        Self(
            "CLM-16", "Any service with the public key can verify; with HS256 every verifier can also mint",
            rule:
                "It holds if no token could be made with the public key that checks it, and one was made and accepted with what a verifier of hs256-jwt holds (JWT-39 of the checklist). It does not hold if a public key made one.",
            needs: [.conform]
        ) { evidence throws(UnmeasuredError) in
            let conform = ClaimExperiment.conform.rawValue
            guard
                let secret = evidence.rows(
                    "conform.csv", of: conform, "hs256-jwt", where: ["requirement": "JWT-39"]
                ).first
            else { throw UnmeasuredError("the results have no JWT-39 of hs256-jwt") }
            guard secret["verdict"] == "n/a" else { throw UnmeasuredError(secret["reason"]) }
            let checks = try evidence.checked(["JWT-39"])
            let made = Figure(
                name: "hs256-jwt: \(secret["reason"])", unit: "cases", value: 0,
                interval: .init(low: 0, high: 0), cells: [Cited(row: secret, column: "cases", part: .plus)])
            return Outcome(checks.failed.isEmpty ? .holds : .doesNotHold, checks.figures + [made])
        },
        Self(
            "CLM-17", "A leaked store gives away live sessions",
            rule:
                "Every key and value of the store is presented as a credential (SES-04, REF-10 of the checklist): it does not hold if none is accepted, and holds if one is.",
            needs: [.conform]
        ) { evidence throws(UnmeasuredError) in
            try evidence.checked(["SES-04", "REF-10"]).outcome(whereSound: .doesNotHold, otherwise: .holds)
        },
        Self(
            "CLM-18", "One-time tokens, such as activation links, suit JWTs",
            rule:
                "It holds if a JWT refuses its second use (CRD-09 of the checklist) without a store command, and does not hold if refusing takes one: then the store decides, not the token.",
            needs: [.conform, .sign]
        ) { evidence throws(UnmeasuredError) in
            let checks = try evidence.checked(["CRD-09"])
            let commands = try evidence.commands("one-time", of: .sign)
            let isFree = checks.failed.isEmpty && commands.value == 0
            return Outcome(isFree ? .holds : .doesNotHold, checks.figures + [commands])
        },
    ]
}

/// What `conform` found of some requirements, on the strategies of which they ask something.
struct CheckedRequirements {
    var figures: [Figure]
    var failed: [Evidence.Row]

    func outcome(
        whereSound verdict: Claim.Verdict, otherwise: Claim.Verdict = .doesNotHold
    ) -> Claim.Outcome {
        if !failed.isEmpty { return .init(otherwise, figures) }
        return .init(verdict, figures)
    }
}

extension Evidence {
    /// - Throws: `UnmeasuredError` where none of them was tried, or one could not be tried to its end.
    func checked(_ requirements: [String]) throws(UnmeasuredError) -> CheckedRequirements {
        let all = requirements.flatMap {
            rows("conform.csv", of: ClaimExperiment.conform.rawValue, where: ["requirement": $0])
        }
        let asked = all.filter { $0["verdict"] != "n/a" }
        if let open = asked.first(where: { $0["verdict"] != "passed" && $0["verdict"] != "failed" }) {
            throw UnmeasuredError("\(open["requirement"]) of \(open.strategy): \(open["reason"])")
        }
        guard !asked.isEmpty else {
            throw UnmeasuredError("the results have no \(requirements.joined(separator: ", ")) of a strategy")
        }
        let failed = asked.filter { $0["verdict"] == "failed" }
        // One figure for each requirement: the cases of all strategies that passed, and one for each that failed.
        let passed = requirements.compactMap { requirement -> Figure? in
            let own = asked.filter { $0["requirement"] == requirement && $0["verdict"] == "passed" }
            guard !own.isEmpty else { return nil }
            return Figure(
                name:
                    "cases of \(requirement), passed by \(own.count) of \(Set(asked.map(\.strategy)).count) strategies",
                of: own.map { Cited(row: $0, column: "cases", part: .plus) })
        }
        let figures =
            passed
            + failed.map { row in
                Figure(
                    name: "\(row["requirement"]) failed by \(row.strategy): \(row["reason"])",
                    of: [Cited(row: row, column: "verdict", part: .plus)])
            }
        return CheckedRequirements(figures: figures, failed: failed)
    }
}

extension Figure {
    /// How many cases there are in such cells.
    fileprivate init(name: String, of cells: [Cited]) {
        let sum = cells.compactMap(\.value).reduce(0, +)
        self.init(name: name, unit: "cases", value: sum, interval: .init(low: sum, high: sum), cells: cells)
    }
}
