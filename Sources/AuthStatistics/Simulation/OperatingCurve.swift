/// The scenarios by which gates are compared.
package struct OperatingCurve: Sendable {
    /// Of a run of the gate.
    package var cells: Int
    package var runs: Int

    package init(cells: Int, runs: Int) {
        self.cells = cells
        self.runs = runs
    }

    /// Each cell for itself; cheap, so of ten times as many cells as there are runs, but as many for a bootstrap.
    package var perCell: [Scenario] {
        Self.cellGates(family: cells).flatMap { name, gate, noise in
            var runs = 10 * runs
            if case .bootstrap = gate { runs /= 10 }
            return [0, 0.03, 0.05, 0.10].map { slowdown in
                Scenario(
                    table: "cell", name: name, gate: .rival(gate, noise), cells: 1,
                    slowedCells: slowdown > 0 ? 1 : 0, slowdown: slowdown, runs: runs)
            }
        }
    }

    /// Whole runs under modelled noise.
    package var perRun: [Scenario] {
        let rivals = Self.runGates.flatMap { name, gate, noise in
            scenarios("run", name, .rival(gate, noise))
        }
        let staged = Self.stagedGates.flatMap { name, gate, noise in
            scenarios("run", name, .staged(gate, .model(noise)))
        }
        return rivals + staged
    }

    /// Whole runs of the recommended gate under the noise of a recording of equal builds.
    ///
    /// - Parameter series: block log-ratios of each cell of the recording; none may be empty.
    /// - Returns: its noise as it is, three times and five times as much.
    package func recorded(_ series: [[Double]]) -> [Scenario] {
        let gate = StagedGate(
            rules: StagedTest.Rules(), bounds: StagedTest.Tolerance(tolerance: 0.05, minimumEffect: 0.03))
        return [1, 3, 5].flatMap { factor in
            scenarios(
                "recorded", Self.recommended, .staged(gate, .recorded(series, factor: factor)))
        }
    }

    private func scenarios(_ table: String, _ name: String, _ gate: Scenario.Gate) -> [Scenario] {
        // A whole strategy is a fifth of the cells.
        [(0, 0), (1, 0.03), (1, 0.05), (1, 0.10), (max(2, cells / 5), 0.05)].map { slowedCells, slowdown in
            Scenario(
                table: table, name: name, gate: gate, cells: cells, slowedCells: min(cells, slowedCells),
                slowdown: slowdown, runs: runs)
        }
    }
}
