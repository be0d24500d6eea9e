import AuthCore
import AuthHarness
import Dispatch
import Synchronization

/// One line on a terminal that says how far a run is and how long it will still take.
final class Progress: Sendable {
    private let isShown: Bool
    private let sessions: Int
    private let strategies: Int
    private let repeats: Int
    /// Warm-up and measurement of one strategy in one repeat; `nil` when it ends by a count.
    private let step_s: Double?
    private let state = Mutex(State())

    private struct State {
        var text = ""
        var loadStart_ns: UInt64 = 0
        var loaded = 0
        var measured = 0
        var shown_ns: UInt64 = 0
    }

    init(_ plan: RunPlan, isShown: Bool) {
        self.isShown = isShown
        sessions = plan.workload.population
        strategies = plan.strategies.count
        repeats = plan.schedule.repeats.count
        step_s = plan.duration_s.map { $0 + plan.warmUp_s }
    }

    func show(_ event: Run.Event) {
        guard isShown else { return }
        state.withLock { state in
            switch event {
            case .loading(let strategy):
                state.text = "loading \(strategy)"
                state.loaded = 0
                state.loadStart_ns = now_ns
            case .loaded: break
            case .measuring(let strategy, let index):
                state.text = "\(strategy), repeat \(index) of \(repeats)"
            case .measured: state.measured += 1
            }
            draw(&state)
        }
    }

    /// Called from many threads while credentials are issued.
    func loaded(_ count: Int) {
        guard isShown else { return }
        state.withLock { state in
            state.loaded += count
            if now_ns &- state.shown_ns > 100_000_000 { draw(&state) }
        }
    }

    func clear() {
        if isShown { Console.overwrite("") }
    }

    private func draw(_ state: inout State) {
        state.shown_ns = now_ns
        let total = strategies * repeats
        let width = 24
        let filled = total == 0 ? 0 : state.measured * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        Console.overwrite("[\(bar)] \(state.text)\(loadShare(state))\(timeLeft(state, total: total))")
    }

    private func loadShare(_ state: State) -> String {
        guard state.text.hasPrefix("loading"), state.loaded > 0 else { return "" }
        return " \(min(100, state.loaded * 100 / max(1, sessions))) %"
    }

    /// What is measured for a known time, and the rest of the current loading at the rate so far.
    private func timeLeft(_ state: State, total: Int) -> String {
        guard let step_s else { return "" }
        var left_s = Double(total - state.measured) * step_s
        if state.text.hasPrefix("loading"), state.loaded > 0 {
            let spent_s = Double(now_ns &- state.loadStart_ns) / 1e9
            left_s += spent_s * Double(max(0, sessions - state.loaded)) / Double(state.loaded)
        }
        return ", about \(Int(left_s.rounded(.up))) s left"
    }

    private var now_ns: UInt64 { DispatchTime.now().uptimeNanoseconds }
}
