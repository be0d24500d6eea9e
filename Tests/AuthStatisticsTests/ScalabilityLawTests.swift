import Testing

@testable import AuthStatistics

@Suite("Universal Scalability Law")
struct ScalabilityLawTests {
    private func points(_ law: ScalabilityLaw, at clients: [Double]) -> [ScalabilityLaw.Point] {
        clients.map { .init(clients: $0, perSecond: law.perSecond(clients: $0)) }
    }

    private static let levels: [Double] = [1, 2, 4, 8, 16, 32, 64]

    @Test(
        "rates that follow a law give that law back",
        arguments: [
            (100.0, 0.0, 0.0), (12_345, 0.02, 0), (500, 0, 0.0004), (80_000, 0.3, 0.002), (7, 0.05, 0.00001),
        ])
    func knownParameters(lambda: Double, sigma: Double, kappa: Double) throws {
        let law = ScalabilityLaw(lambda: lambda, sigma: sigma, kappa: kappa)
        let fitted = try ScalabilityLaw(fitting: points(law, at: Self.levels))
        #expect(abs(fitted.lambda / lambda - 1) < 1e-4)
        #expect(abs(fitted.sigma - sigma) < 1e-4)
        #expect(abs(fitted.kappa - kappa) < 1e-6)
        #expect(fitted.residual < 1e-4)
    }

    /// The data of SPEC SDM91 on a SPARCcenter 2000 and the fit in the README of the usl package of R, version 3.
    @Test("published measurements give the published parameters")
    func published() throws {
        let rates = [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2]
        let clients: [Double] = [1, 18, 36, 72, 108, 144, 216]
        let fitted = try ScalabilityLaw(
            fitting: zip(clients, rates).map { .init(clients: $0, perSecond: $1) })
        #expect(abs(fitted.sigma - 0.0277285) < 2e-6)
        #expect(abs(fitted.kappa - 0.0001044) < 1e-7)
        #expect(abs(fitted.lambda - 89.9952330) < 0.003)
        #expect(abs((fitted.peakClients ?? 0) - 96.5) < 0.2)
    }

    @Test("rates with a tenth of noise give nearly the same rates back", arguments: 0..<50)
    func noise(seed: Int) throws {
        var generator = Xorshift(state: UInt64(seed + 1) &* 0x9E37_79B9_7F4A_7C15)
        let law = ScalabilityLaw(lambda: 1000, sigma: 0.05, kappa: 0.001)
        let noisy = points(law, at: Self.levels).map { point in
            ScalabilityLaw.Point(
                clients: point.clients,
                perSecond: point.perSecond * Double.random(in: 0.95...1.05, using: &generator))
        }
        let fitted = try ScalabilityLaw(fitting: noisy)
        for clients in Self.levels {
            let ratio = fitted.perSecond(clients: clients) / law.perSecond(clients: clients)
            #expect((0.9...1.1).contains(ratio), "\(clients) clients: \(ratio)")
        }
    }

    @Test("rates that hardly change fit, though there is little to explain")
    func flat() throws {
        let rates = [100.0, 101, 99, 100, 101, 99]
        let clients: [Double] = [1, 2, 4, 8, 16, 32]
        let fitted = try ScalabilityLaw(
            fitting: zip(clients, rates).map { .init(clients: $0, perSecond: $1) })
        #expect(fitted.residual < 0.02)
    }

    @Test("rates that jump up and down are refused with the reason")
    func jumps() {
        let rates = [100.0, 900, 50, 1200, 30, 700]
        let clients: [Double] = [1, 2, 4, 8, 16, 32]
        let error = #expect(throws: ScalabilityLaw.FitError.self) {
            try ScalabilityLaw(fitting: zip(clients, rates).map { .init(clients: $0, perSecond: $1) })
        }
        #expect(error?.description.contains("does not fit") == true)
    }

    /// Measured with sessions in PostgreSQL next door, on two processors: a client alone waits for each wake-up.
    @Test("a client alone that is slower than one of several is named, because no law says that")
    func help() {
        let rates = [13_404.0, 64_941, 56_241, 47_054, 45_449, 41_921, 38_013]
        let error = #expect(throws: ScalabilityLaw.FitError.self) {
            try ScalabilityLaw(fitting: zip(Self.levels, rates).map { .init(clients: $0, perSecond: $1) })
        }
        #expect(
            error?.description.hasSuffix(
                "; 2 clients did 4.8 times what one does, and the law allows 2 times") == true,
            "\(String(describing: error))")
    }

    @Test("what misses most is named: a knee, where the processors are all busy")
    func knee() {
        let rates = [1_365_657.0, 2_709_565, 2_717_295, 2_735_441, 2_669_441, 2_714_171, 2_678_031]
        let error = #expect(throws: ScalabilityLaw.FitError.self) {
            try ScalabilityLaw(fitting: zip(Self.levels, rates).map { .init(clients: $0, perSecond: $1) })
        }
        #expect(error?.description.contains(", most at 1 client (") == true, "\(String(describing: error))")
        #expect(error?.description.contains("the law allows") == false)
    }

    @Test(
        "five levels, or six without 1, are refused", arguments: [[1, 2, 4, 8, 16], [2, 4, 8, 16, 32, 64]])
    func fewLevels(clients: [Double]) {
        let law = ScalabilityLaw(lambda: 1000, sigma: 0.05, kappa: 0.001)
        let error = #expect(throws: ScalabilityLaw.FitError.self) {
            try ScalabilityLaw(fitting: points(law, at: clients))
        }
        #expect(error?.description.contains("needs 6 numbers of clients") == true)
    }

    @Test("a level measured often counts once")
    func repeatedLevel() {
        let law = ScalabilityLaw(lambda: 1000, sigma: 0.05, kappa: 0.001)
        #expect(throws: ScalabilityLaw.FitError.self) {
            try ScalabilityLaw(fitting: points(law, at: [1, 1, 1, 2, 4, 8]))
        }
    }
}

private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
