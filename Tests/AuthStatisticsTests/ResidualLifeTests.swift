import Testing

@testable import AuthStatistics

@Suite("Residual life")
struct ResidualLifeTests {
    /// Rests of lives met at a random moment, by throwing moments at lives.
    private func simulated(_ shortest: Double, _ longest: Double, count: Int) -> [Double] {
        var random = SystemRandomNumberGenerator()
        var rests: [Double] = []
        while rests.count < count {
            let life = shortest == longest ? longest : Double.random(in: shortest...longest, using: &random)
            let age = Double.random(in: 0..<longest, using: &random)
            if age < life { rests.append(life - age) }
        }
        return rests.sorted()
    }

    @Test(
        "is what thrown moments leave of lives", arguments: [(3599.0, 3600.0), (854, 899), (0, 10), (7, 7)])
    func simulation(shortest: Double, longest: Double) {
        let life = ResidualLife(shortest: shortest, longest: longest)
        let rests = simulated(shortest, longest, count: 100_000)
        // Five standard errors of a share.
        #expect(abs(rests.reduce(0, +) / 100_000 - life.mean) < 0.005 * longest)
        for share in [0.05, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99] {
            let quantile = life.quantile(share)
            let found = Double(rests.count { $0 <= quantile }) / 100_000
            #expect(abs(found - share) < 0.008, "\(share): \(found)")
            #expect(abs(life.share(upTo: quantile) - share) < 1e-9)
        }
    }

    @Test("is uniform when all lives are equal")
    func equalLives() {
        let life = ResidualLife(shortest: 8, longest: 8)
        #expect(life.mean == 4 && life.quantile(0.5) == 4 && life.maximum == 8)
        #expect([-1, 0, 2, 8, 9].map(life.share(upTo:)) == [0, 0, 0.25, 1, 1])
    }
}
