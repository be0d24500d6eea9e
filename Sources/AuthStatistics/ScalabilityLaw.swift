import Foundation

/// The Universal Scalability Law (Gunther 2007, "Guerrilla Capacity Planning", chapter 4), fitted to measured rates.
///
/// X(N) = λN / (1 + σ(N - 1) + κN(N - 1)): λ is the rate of one client, σ the share of the work that only one client at
/// a time can do, and κ what each client costs every other.
package struct ScalabilityLaw: Sendable, Equatable {
    package struct Point: Sendable, Equatable {
        package var clients: Double
        package var perSecond: Double

        package init(clients: Double, perSecond: Double) {
            (self.clients, self.perSecond) = (clients, perSecond)
        }
    }

    /// Why a law is not given, in one phrase.
    package struct FitError: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    package var lambda: Double
    package var sigma: Double
    package var kappa: Double
    /// The share of the variance of the rates that the law explains (R²).
    package var explained: Double = 0
    /// The root of the mean square of measured / fitted - 1.
    package var residual: Double = 0

    /// Fewer leave the three parameters nearly free; usl4j and the usl package of R advise the same.
    package static let leastLevels = 6
    /// A law that explains less of the change with the clients is no description of it, unless every rate is near it:
    /// rates that hardly change leave nothing to explain.
    static let leastExplained = 0.95
    static let mostResidual = 0.05

    package func perSecond(clients: Double) -> Double { lambda * shape(clients) }

    /// The number of clients beyond which the rate falls; `nil` where it never does.
    package var peakClients: Double? {
        kappa > 0 && sigma < 1 ? ((1 - sigma) / kappa).squareRoot() : nil
    }

    private func shape(_ clients: Double) -> Double {
        clients / (1 + sigma * (clients - 1) + kappa * clients * (clients - 1))
    }

    /// Fits the law by least squares of the rates, with σ and κ not below 0.
    ///
    /// - Parameter points: measured rates, with six numbers of clients or more, 1 among them.
    /// - Throws: `FitError` where the levels do not suffice, or the law does not fit.
    package init(fitting points: [Point]) throws(FitError) {
        let levels = Set(points.map(\.clients))
        guard levels.count >= Self.leastLevels, levels.contains(1) else {
            throw FitError(
                description:
                    "the scalability law needs \(Self.leastLevels) numbers of clients or more, 1 among them, and there are \(levels.count)\(levels.contains(1) ? "" : " without 1")"
            )
        }
        guard points.allSatisfy({ $0.perSecond > 0 && $0.perSecond.isFinite && $0.clients >= 1 }) else {
            throw FitError(description: "the scalability law needs rates above 0")
        }
        var best = Self(lambda: 0, sigma: 0, kappa: 0)
        var least = Double.infinity
        for sigma in [0, 0.01, 0.1, 0.5, 0.9] {
            for kappa in [0, 1e-5, 1e-3, 0.05] {
                let fitted = Self(descendingFrom: sigma, kappa, points)
                let squares = fitted.squares(points)
                if squares < least { (best, least) = (fitted, squares) }
            }
        }
        best.judge(points)
        guard best.explained >= Self.leastExplained || best.residual <= Self.mostResidual else {
            throw FitError(description: best.misfit(points))
        }
        self = best
    }

    package init(lambda: Double, sigma: Double, kappa: Double) {
        (self.lambda, self.sigma, self.kappa) = (lambda, sigma, kappa)
    }

    /// Goes down from a start, by Gauss-Newton with damping (Levenberg 1944), λ being the best for σ and κ each time.
    private init(descendingFrom sigma: Double, _ kappa: Double, _ points: [Point]) {
        self.init(lambda: 0, sigma: sigma, kappa: kappa)
        lambda = bestLambda(points)
        var (damping, current) = (1e-3, squares(points))
        for _ in 0..<400 where damping < 1e12 {
            var next = self
            let step = self.step(points, damping: damping)
            next.sigma = max(0, next.sigma + step.sigma)
            next.kappa = max(0, next.kappa + step.kappa)
            next.lambda = next.bestLambda(points)
            let squares = next.squares(points)
            if squares < current {
                (self, current, damping) = (next, squares, damping / 4)
            } else {
                damping *= 3
            }
        }
    }

    private func bestLambda(_ points: [Point]) -> Double {
        let shapes = points.map { shape($0.clients) }
        let product = zip(points, shapes).reduce(0) { $0 + $1.0.perSecond * $1.1 }
        return product / shapes.reduce(0) { $0 + $1 * $1 }
    }

    /// The step in σ and κ that would be right were the law linear in them, λ following them (Kaufman 1975: variable
    /// projection).
    private func step(_ points: [Point], damping: Double) -> (sigma: Double, kappa: Double) {
        let shapes = points.map { shape($0.clients) }
        let slopes = zip(points, shapes).map { -lambda * $1 * $1 / $0.clients }
        func column(_ factor: (Double) -> Double) -> [Double] {
            let raw = zip(points, slopes).map { $1 * factor($0.clients) }
            let share = dot(raw, shapes) / dot(shapes, shapes)
            return zip(raw, shapes).map { $0 - share * $1 }
        }
        let (bySigma, byKappa) = (column { $0 - 1 }, column { $0 * ($0 - 1) })
        let rest = zip(points, shapes).map { $0.perSecond - lambda * $1 }
        let (ss, kk) = (dot(bySigma, bySigma) * (1 + damping), dot(byKappa, byKappa) * (1 + damping))
        let (sk, sr, kr) = (dot(bySigma, byKappa), dot(bySigma, rest), dot(byKappa, rest))
        // At a bound, what would go beyond it stays, and the other goes on alone.
        if sigma == 0, sr < 0 { return (0, kk > 0 ? kr / kk : 0) }
        if kappa == 0, kr < 0 { return (ss > 0 ? sr / ss : 0, 0) }
        let determinant = ss * kk - sk * sk
        guard determinant > 0 else { return (0, 0) }
        return ((sr * kk - kr * sk) / determinant, (kr * ss - sr * sk) / determinant)
    }

    private func dot(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private func squares(_ points: [Point]) -> Double {
        points.reduce(0) { sum, point in
            let rest = point.perSecond - perSecond(clients: point.clients)
            return sum + rest * rest
        }
    }

    /// By how much the law misses the rates, where most, and whether clients help each other, which it cannot say.
    private func misfit(_ points: [Point]) -> String {
        func percent(_ share: Double) -> Int { Int((share * 100).rounded()) }
        var text =
            "the scalability law does not fit: it explains \(percent(max(0, explained))) % of the change with the clients, and is off by \(percent(residual)) %"
        func rest(_ point: Point) -> Double { point.perSecond / perSecond(clients: point.clients) - 1 }
        if let worst = points.max(by: { abs(rest($0)) < abs(rest($1)) }) {
            text +=
                ", most at \(Int(worst.clients)) client\(worst.clients == 1 ? "" : "s") (\(percent(abs(rest(worst)))) % \(rest(worst) < 0 ? "less" : "more") than it says)"
        }
        let alone = points.first { $0.clients == 1 }
        let helped = points.max { $0.perSecond / $0.clients < $1.perSecond / $1.clients }
        guard let alone, let helped, helped.perSecond > Self.mostHelp * helped.clients * alone.perSecond
        else {
            return text
        }
        // Tenths, by hand: this room formats no numbers.
        let times = (helped.perSecond / alone.perSecond * 10).rounded() / 10
        return text
            + "; \(Int(helped.clients)) clients did \(times) times what one does, and the law allows \(Int(helped.clients)) times"
    }

    /// A client alone that is so much slower than one of several pays for something that the others share.
    private static let mostHelp = 1.1

    private mutating func judge(_ points: [Point]) {
        let mean = points.reduce(0) { $0 + $1.perSecond } / Double(points.count)
        let whole = points.reduce(0) { $0 + ($1.perSecond - mean) * ($1.perSecond - mean) }
        explained = whole > 0 ? 1 - squares(points) / whole : 0
        let relative = points.reduce(0) { sum, point in
            let rest = point.perSecond / perSecond(clients: point.clients) - 1
            return sum + rest * rest
        }
        residual = (relative / Double(points.count)).squareRoot()
    }
}
