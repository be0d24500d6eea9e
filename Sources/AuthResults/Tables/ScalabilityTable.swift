import AuthStatistics

/// `scalability.csv`: the Universal Scalability Law of each strategy, one row for each number of clients that was measured.
package enum ScalabilityTable {
    package struct Row: Sendable {
        package var measured: SweepTable.Row
        package var law: ScalabilityLaw?
        /// Why there is none.
        package var refusal: String?
    }

    /// Fits the law to the valid rows of a sweep over clients; no rows where something else was varied.
    package static func rows(_ rows: [SweepTable.Row]) -> [Row] {
        let levels = rows.filter { $0.point.over == SweepTable.Quantity.clients.rawValue }
        return Dictionary(grouping: levels, by: \.strategy).sorted { $0.key < $1.key }.flatMap { _, own in
            let points = own.filter(\.pooled.isValid).compactMap { row -> ScalabilityLaw.Point? in
                guard let clients = row.point.value, let perSecond = row.pooled.rate else { return nil }
                return .init(clients: clients, perSecond: perSecond)
            }
            let sorted = own.sorted { ($0.point.value ?? 0) < ($1.point.value ?? 0) }
            do throws(ScalabilityLaw.FitError) {
                let law = try ScalabilityLaw(fitting: points)
                return sorted.map { Row(measured: $0, law: law) }
            } catch {
                let lost = own.count - points.count
                let reason = error.description + (lost > 0 ? "; \(lost) rows are not valid" : "")
                return sorted.map { Row(measured: $0, refusal: reason) }
            }
        }
    }

    package static var columns: [Column<Row>] {
        SweepTable.identity { $0.measured } + [
            Column("clients", .optionalCount, "Clients that sent requests at once.") {
                .count($0.measured.clients)
            },
            Column("valid", .flag, "Whether the rate may be used; the law is fitted to those that may.") {
                .flag($0.measured.pooled.isValid)
            },
            Column("operations_per_second", .optionalNumber, "The rate that was measured.") {
                .number($0.measured.pooled.rate, 1)
            },
            Column("fitted_per_second", .optionalNumber, "The rate that the law says; blank where none fits.")
            {
                .number($0.fitted, 1)
            },
            Column("residual_share", .optionalSigned, "Measured / fitted - 1.") { .number($0.residual, 4) },
            Column("fits", .flag, "Whether the law fits this strategy (docs/method.md).") {
                .flag($0.law != nil)
            },
            Column("lambda_per_second", .optionalNumber, "The law's rate of one client, λ.") {
                .number($0.law?.lambda, 1)
            },
            Column(
                "sigma", .optionalNumber,
                "σ: the share of the work that only one client at a time can do (contention)."
            ) { .number($0.law?.sigma, 6) },
            Column("kappa", .optionalNumber, "κ: what each client costs every other (coherency).") {
                .number($0.law?.kappa, 8)
            },
            Column(
                "peak_clients", .optionalNumber,
                "The number of clients beyond which the rate falls; blank where it never does."
            ) { .number($0.law?.peakClients, 1) },
            Column(
                "explained_share", .optionalSigned, "How much of the rates' variance the law explains (R²)."
            ) {
                .number($0.law?.explained, 4)
            },
            Column(
                "residual_rms_share", .optionalNumber,
                "The root of the mean square of `residual_share`, of valid rows."
            ) { .number($0.law?.residual, 4) },
            Column("refusal", .text, "Why no law is given; blank where one is.") { .text($0.refusal ?? "") },
        ] + RunIdentity(runID: "", workload: "", traceSHA256: "").parameters { $0.measured.strategy }
    }
}

extension ScalabilityTable.Row {
    var fitted: Double? { law.flatMap { law in measured.clients.map { law.perSecond(clients: Double($0)) } } }

    package var residual: Double? {
        guard let fitted, let rate = measured.pooled.rate, fitted > 0 else { return nil }
        return rate / fitted - 1
    }
}
