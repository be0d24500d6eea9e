import AuthStatistics
import Testing

@testable import AuthVerdict

@Suite("Operating curve table")
struct OperatingCurveTableTests {
    /// Of a run or two of every scenario.
    private var points: [OperatingPoint] {
        let curve = OperatingCurve(cases: 3, runs: 2)
        var random = SystemRandomNumberGenerator()
        let scenarios = curve.perRun + curve.recorded([[0.01, -0.02]])
        return scenarios.map { $0.simulate(using: &random) }
    }

    @Test("every case is of its column's kind, and every column has a meaning")
    func kinds() {
        let points = points
        for column in OperatingCurveTable.columns {
            #expect(column.meaning.hasSuffix("."), "\(column.name)")
            for point in points {
                let text = column.cell(point).text
                #expect(column.kind.accepts(text), "\(column.name): \(text)")
            }
        }
        #expect(Set(OperatingCurveTable.columns.map(\.name)).count == OperatingCurveTable.columns.count)
    }

    @Test("the printed table has a line for each point")
    func text() {
        let points = points
        let lines = OperatingCurveTable.text(points).split(separator: "\n")
        #expect(lines.count == points.count + 1)
        #expect(lines[0].hasSuffix("blocks"))
    }
}
