import AuthResults

/// Compares the figures of `size.csv`, which need no statistics.
///
/// Bytes of credentials and header lines and counts of commands are the same in every run of one build, so that one
/// byte more is a regression. The rest varies, and has an allowance: HTTP/2 packs random text by
/// Huffman's code, which moves the same credential by up to 5 bytes between runs (RSA signatures the most), and the
/// bytes of a store per session are a slope, which moves by 1 %.
struct SizeComparison {
    /// Beyond any difference of two runs of one build: five standard deviations of the packed length of 342 random
    /// characters.
    static let http2Allowance_bytes = 12.0
    static let storeAllowance = 0.05

    private static let exact = [
        "credential_bytes", "request_header_bytes", "response_header_bytes", "renewal_bytes",
    ]
    private static let packed = ["http2_first_bytes", "http2_repeat_bytes"]
    /// Of the strategy, so that they stand in each of its rows alike.
    private static let commands = ["login", "authenticate", "touching_authenticate", "renew", "logout"]
        .map { "store_commands_per_\($0)" }
    private static let storeBytes = "store_bytes_per_session"

    let workload: String
    let clients: Int

    /// A row for each figure that has changed, and one for all that have not.
    func rows(of strategy: String, base: ResultReader, head: ResultReader) -> [VerdictRow] {
        func own(_ reader: ResultReader) -> [TableRow] {
            reader.rows(of: "size.csv").filter { $0["strategy"] == strategy }
        }
        let heads = own(head)
        var (changed, alike) = ([VerdictRow](), 0)
        for (index, base) in own(base).enumerated() {
            guard let head = heads.first(where: { $0["claim_profile"] == base["claim_profile"] }) else {
                continue
            }
            let ofStrategy = index == 0 ? Self.commands + [Self.storeBytes] : []
            for column in Self.exact + Self.packed + ofStrategy {
                guard let before = base.number(column), let after = head.number(column) else { continue }
                guard abs(after - before) > allowance(column, before) else {
                    alike += 1
                    continue
                }
                let profile = ofStrategy.contains(column) ? "" : base["claim_profile"]
                changed.append(row(strategy, profile, column, before, after))
            }
        }
        guard alike > 0 else { return changed }
        var unchanged = row(strategy, "", "size.csv", nil, nil)
        unchanged.verdict = .pass
        unchanged.why = "\(alike) figures of bytes and commands are alike"
        return changed + [unchanged]
    }

    private func allowance(_ column: String, _ base: Double) -> Double {
        if Self.packed.contains(column) { return Self.http2Allowance_bytes }
        return column == Self.storeBytes ? Self.storeAllowance * base : 0
    }

    private func row(
        _ strategy: String, _ profile: String, _ column: String, _ base: Double?, _ head: Double?
    ) -> VerdictRow {
        var row = VerdictRow(
            strategy: strategy, workload: workload, operation: profile, clients: clients, metric: column,
            base: base, head: head, verdict: .regression)
        if let base, let head {
            row.change = base > 0 ? head / base - 1 : nil
            row.verdict = head > base ? .regression : .improvement
            row.why = "\(base.formatted(digits: 1)) -> \(head.formatted(digits: 1)), counted, not timed"
        }
        return row
    }
}
