import Foundation

/// Finds the highest rate that keeps all objectives, as Nighthawk does (Envoy, "adaptive load"): doubles the rate until
/// one breaks, halves the gap until it is 5 %, then confirms what held in a longer stage.
///
/// It says what to try next and is told what came of it; so whoever asks may ask for several in turns.
package struct CapacitySearch: Sendable {
    /// What came of a probe.
    package enum Answer: Sendable, Equatable {
        case held
        /// An objective broke: what was wanted and what was measured, in one phrase.
        case broken(String)
        /// Those that send the requests could not do it, whatever they send them to.
        case limited(String)
        /// The machine was busy with something else, so the probe proves nothing.
        case disturbed(String)
    }

    package enum Stage: String, Sendable, CaseIterable { case double, bisect, confirm }

    package struct Probe: Sendable, Equatable {
        package var stage: Stage
        package var perSecond: Double
    }

    package enum Result: Sendable, Equatable {
        /// Between the highest confirmed rate and the lowest broken one; with what broke there.
        case found(Interval, broken: String)
        /// With the highest rate that was confirmed, if any.
        case notFound(held: Double?, Limit, why: String)
    }

    /// What kept a capacity from being found.
    package enum Limit: String, Sendable {
        /// An objective broke at every rate.
        case objective
        case generator, machine
        /// The highest rate that was asked for still held.
        case range
    }

    /// How near the two ends must be.
    package static let precision = 1.05
    /// A probe that proves nothing is made so often again.
    private static let mostDisturbed = 3
    /// So many rates, each 5 % lower, are tried where the longer stage does not hold what a short one held.
    private static let mostConfirmations = 6

    /// What to try next; `nil` at the end.
    package private(set) var next: Probe?
    /// What was found; `nil` before the end.
    package private(set) var result: Result?

    private let rates: ClosedRange<Double>
    private var held: Double?
    private var broken: (perSecond: Double, answer: Answer)?
    private var disturbed = 0
    private var confirmations = 0

    /// - Parameters:
    ///   - start: the first rate to try.
    ///   - rates: the lowest and the highest.
    package init(start: Double, in rates: ClosedRange<Double>) {
        self.rates = rates
        next = Probe(
            stage: .double, perSecond: Self.rounded(min(max(start, rates.lowerBound), rates.upperBound)))
    }

    /// Takes what came of the probe that was next.
    package mutating func note(_ answer: Answer) {
        guard let probe = next else { return }
        if case .disturbed(let why) = answer {
            disturbed += 1
            if disturbed >= Self.mostDisturbed { end(.notFound(held: nil, .machine, why: why)) }
            return
        }
        disturbed = 0
        switch (answer, probe.stage) {
        case (.held, .confirm): conclude(confirmed: probe.perSecond)
        case (_, .confirm): stepDown(probe, answer)
        case (.held, _):
            held = max(held ?? 0, probe.perSecond)
            goOn()
        default:
            broken = (probe.perSecond, answer)
            goOn()
        }
    }

    /// The next rate from what is known: twice as much, half as much, or the middle.
    private mutating func goOn() {
        switch (held, broken?.perSecond) {
        case (let held?, nil):
            if held >= rates.upperBound { return confirm(held) }
            next = Probe(stage: .double, perSecond: Self.rounded(min(held * 2, rates.upperBound)))
        case (nil, let broken?):
            if broken <= rates.lowerBound {
                return end(.notFound(held: nil, limit, why: "even at the lowest rate: \(reason)"))
            }
            next = Probe(stage: .double, perSecond: Self.rounded(max(broken / 2, rates.lowerBound)))
        case (let held?, let broken?):
            let middle = Self.rounded((held * broken).squareRoot())
            if broken / held <= Self.precision || middle <= held || middle >= broken { return confirm(held) }
            next = Probe(stage: .bisect, perSecond: middle)
        case (nil, nil): break
        }
    }

    private mutating func confirm(_ perSecond: Double) { next = Probe(stage: .confirm, perSecond: perSecond) }

    /// What the longer stage did not hold is broken; a little less may hold.
    private mutating func stepDown(_ probe: Probe, _ answer: Answer) {
        broken = (probe.perSecond, answer)
        confirmations += 1
        let lower = Self.rounded(probe.perSecond / Self.precision)
        guard confirmations < Self.mostConfirmations, lower >= rates.lowerBound, lower < probe.perSecond
        else {
            return end(.notFound(held: nil, limit, why: "nothing held in the longer stage: \(reason)"))
        }
        confirm(lower)
    }

    private mutating func conclude(confirmed: Double) {
        switch broken {
        case nil:
            end(.notFound(held: confirmed, .range, why: "it held the highest rate that was asked for"))
        case (let perSecond, .broken(let what))?:
            end(.found(Interval(low: confirmed, high: perSecond), broken: what))
        case _?:
            end(.notFound(held: confirmed, limit, why: reason))
        }
    }

    private mutating func end(_ result: Result) { (self.result, next) = (result, nil) }

    private var limit: Limit {
        if case .limited? = broken?.answer { .generator } else { .objective }
    }

    private var reason: String {
        switch broken?.answer {
        case .broken(let what), .limited(let what), .disturbed(let what): what
        case .held, nil: ""
        }
    }

    /// To four figures, so that a command line says it exactly.
    package static func rounded(_ perSecond: Double) -> Double {
        let digits = 3 - Int(log10(perSecond).rounded(.down))
        let scale = pow(10, Double(abs(digits)))
        return digits > 0 ? (perSecond * scale).rounded() / scale : (perSecond / scale).rounded() * scale
    }
}
