import AuthCore
import Testing

@testable import AuthResults

@Suite("Exposure report")
struct ExposureReportTests {
    private let lifetime_ms = 3_600_000.0

    /// A measurement in which credentials of all ages live `factor` times as long as they should.
    private func measurement(
        _ promise: RevocationPromise, count: Int = 400, factor: Double = 1, gap_ms: Double = 1000
    ) -> ExposureMeasurement {
        var measurement = ExposureMeasurement(
            strategy: "s", revocation: .logout, promise: promise,
            lifetime: CredentialLifetime(Int64(lifetime_ms)), clients: 8, compression: 500)
        measurement.exposures = (0..<count).map { index in
            let rest_ms = (Double(index) + 0.5) / Double(count) * lifetime_ms * factor
            return promise == .immediate
                ? Exposure(shortest_ms: 0, longest_ms: 0.1)
                : Exposure(shortest_ms: rest_ms, longest_ms: rest_ms + gap_ms)
        }
        measurement.probes = 1_000_000
        return measurement
    }

    @Test("matches theory when credentials die as they should, and not 10 % later or earlier")
    func matches() {
        let right = ExposureAssessment(measurement(.atExpiry))
        #expect(right.matchesTheory == true)
        #expect(abs((right.quantile_ms(0.5) ?? 0) / 1_800_000 - 1) < 0.01)
        #expect(right.interval_ms(0.5).map { $0.low < 1_800_000 && $0.high > 1_800_000 } == true)
        for factor in [0.9, 1.1] {
            #expect(ExposureAssessment(measurement(.atExpiry, factor: factor)).matchesTheory == false)
        }
    }

    @Test("of 4000 rows that are as theory says, hardly one is called otherwise")
    func falseAlarms() {
        let called = (0..<4000).count { _ in
            var measurement = measurement(.atExpiry, count: 100)
            measurement.exposures = (0..<100).map { _ in
                let rest_ms = Double.random(in: 0..<lifetime_ms)
                return Exposure(shortest_ms: rest_ms, longest_ms: rest_ms)
            }
            return ExposureAssessment(measurement).matchesTheory == false
        }
        // Four are to be expected at most: the tests go together, and the probabilities of counts are steps.
        #expect(called <= 14, "\(called)")
    }

    @Test("a late revocation makes an exposure shorter, which is not held against the strategy")
    func delay() {
        var late = measurement(.atExpiry, count: 2000)
        late.exposures = late.exposures.map {
            Exposure(
                shortest_ms: max(0, $0.shortest_ms - 90_000), longest_ms: max(0, $0.longest_ms - 90_000),
                delay_ms: 90_000)
        }
        #expect(ExposureAssessment(late).matchesTheory == true)
        for index in late.exposures.indices { late.exposures[index].delay_ms = 0 }
        #expect(ExposureAssessment(late).matchesTheory == false)
    }

    @Test("matches theory at once only when nothing was accepted after")
    func immediate() {
        var measurement = measurement(.immediate)
        #expect(ExposureAssessment(measurement).matchesTheory == true)
        measurement.acceptedAfter = 1
        measurement.exposures[0].shortest_ms = 0.05
        let broken = ExposureAssessment(measurement)
        #expect(broken.matchesTheory == false && broken.max_ms == 0.05 && measurement.falseAccepts == 1)
    }

    @Test("says nothing when probes were too far apart, late, too few, failed or not to the end")
    func inconclusive() {
        var cases = [measurement(.atExpiry, gap_ms: 200_000), measurement(.atExpiry, count: 5)]
        cases += (0..<3).map { _ in measurement(.atExpiry) }
        cases[2].lag_ns = 1_000_000_000
        cases[3].errors.note("down")
        cases[4].exposures[3].longest_ms = .infinity
        for measurement in cases {
            let assessment = ExposureAssessment(measurement)
            #expect(assessment.matchesTheory == nil && assessment.inconclusive != nil)
        }
    }

    @Test("prints one line for each row, with times as people say them")
    func text() {
        let rows = [measurement(.atExpiry), measurement(.immediate)].map { ExposureAssessment($0) }
        let lines = ExposureText.text(rows, isColored: false).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("30:00") && lines[1].contains("60:00") && lines[1].contains("yes"))
        #expect(lines.allSatisfy { $0.count <= 120 })
    }
}
