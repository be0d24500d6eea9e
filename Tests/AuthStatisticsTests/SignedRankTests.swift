import Testing

@testable import AuthStatistics

@Suite("Signed-rank test")
struct SignedRankTests {
    /// Both p by trying all signs of the ranks, which are counted instead of sorted.
    private func enumerated(_ differences: [Double]) -> (greater: Double, less: Double) {
        let sizes = differences.filter { $0 != 0 }.map { abs($0) }
        let ranks = sizes.map { size in
            Double(sizes.count { $0 < size }) + Double(sizes.count { $0 == size } + 1) / 2
        }
        let positive = zip(differences.filter { $0 != 0 }, ranks).filter { $0.0 > 0 }.map(\.1).reduce(0, +)
        var (greater, less) = (0, 0)
        for signs in 0..<(1 << ranks.count) {
            let sum = ranks.indices.filter { signs >> $0 & 1 == 1 }.map { ranks[$0] }.reduce(0, +)
            if sum >= positive { greater += 1 }
            if sum <= positive { less += 1 }
        }
        let all = Double(1 << ranks.count)
        return (Double(greater) / all, Double(less) / all)
    }

    @Test("agrees with all signs tried, without ties", arguments: 1...12)
    func enumeration(count: Int) {
        var random = SeededSource(state: UInt64(count))
        for _ in 0..<4 {
            let differences = (0..<count).map { _ in random.normal() + 0.5 }
            let expected = enumerated(differences)
            let test = SignedRank(differences)
            #expect(abs(test.pGreater - expected.greater) < 1e-12)
            #expect(abs(test.pLess - expected.less) < 1e-12)
        }
    }

    @Test("agrees with all signs tried, with ties and zeros", arguments: 2...12)
    func ties(count: Int) {
        var random = SeededSource(state: UInt64(count))
        for _ in 0..<4 {
            let differences = (0..<count).map { _ in Double(Int.random(in: -2...4, using: &random)) }
            let expected = enumerated(differences)
            let test = SignedRank(differences)
            #expect(abs(test.pGreater - expected.greater) < 1e-12, "\(differences)")
            #expect(abs(test.pLess - expected.less) < 1e-12, "\(differences)")
        }
    }

    /// From SciPy 1.17.1, `scipy.stats.wilcoxon(d, alternative=…, method="exact")`.
    private static let fromSciPy: [(count: Int, greater: Double, less: Double, twoSided: Double)] = [
        (7, 0.2890625, 0.765625, 0.578125),
        (10, 0.1376953125, 0.8837890625, 0.275390625),
        (16, 0.105712890625, 0.903594970703125, 0.21142578125),
        (24, 0.04468661546707153, 0.9580399990081787, 0.08937323093414307),
        (36, 0.02298597464687191, 0.9778893927141326, 0.04597194929374382),
        (50, 0.010060321817281448, 0.990206111547411, 0.020120643634562896),
    ]

    @Test("has SciPy's exact p values", arguments: fromSciPy)
    func scipy(_ expected: (count: Int, greater: Double, less: Double, twoSided: Double)) {
        let differences = (1...expected.count).map { index -> Double in
            let whole = index * 37 % 101 - 40
            return Double(whole) + Double(index) / 1000
        }
        let test = SignedRank(differences)
        #expect(abs(test.pGreater - expected.greater) < 1e-12)
        #expect(abs(test.pLess - expected.less) < 1e-12)
        #expect(abs(test.pTwoSided - expected.twoSided) < 1e-12)
    }

    @Test("the least p of n differences is one in 2^n, also of a hundred")
    func extremes() {
        for count in [1, 13, 60, 100] {
            let test = SignedRank((1...count).map { Double($0) })
            #expect(abs(test.pGreater / (0..<count).reduce(1) { power, _ in power / 2 } - 1) < 1e-12)
            #expect(test.pLess == 1)
        }
    }

    @Test("nothing but zeros speaks for nothing")
    func zeros() {
        let test = SignedRank([0, 0, 0])
        #expect(test.pGreater == 1 && test.pLess == 1 && test.pTwoSided == 1)
        #expect(SignedRank([]).pGreater == 1)
    }
}
