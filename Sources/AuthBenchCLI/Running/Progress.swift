import AuthHarness
import Dispatch
import Synchronization

/// Shows in one line on a terminal how far a run is and how long it will still take.
final class Progress: Sendable {
    private let isShown: Bool
    private let sessions: Int
    private let strategies: Int
    private let repeats: Int
    /// How far away the store is, where that is asked for.
    private let place: String
    /// The time of one strategy in one repeat, with its warm-up; `nil` when a count of operations ends it.
    private let step_s: Double?
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "authbench.progress")

    private struct State {
        var text = "starting"
        var isOver = false
        var isLoading = false
        /// The moment at which the current loading or measuring began.
        var begin_ns: UInt64 = 0
        var loaded = 0
        var measured = 0
        /// The time that all ended measurements took.
        var measuring_ns: UInt64 = 0
    }

    init(_ plan: RunPlan, isShown: Bool) {
        self.isShown = isShown
        sessions = plan.workload.population * plan.ownClients / plan.workload.clients
        strategies = plan.strategies.count
        repeats = plan.schedule.repeats.count
        place = plan.workload.storeRTT.map { ", store \($0.text) away" } ?? ""
        step_s = plan.duration_s.map { $0 + plan.warmUp_s }
        if isShown { tick() }
    }

    /// Draws four times a second until the end.
    private func tick() {
        queue.asyncAfter(deadline: .now() + 0.25) { [weak self] in
            guard let self, draw() else { return }
            tick()
        }
    }

    func show(_ event: Run.Event) {
        guard isShown else { return }
        state.withLock { state in
            switch event {
            case .loading(let strategy):
                state.text = "signing in sessions for \(strategy)"
                state.isLoading = true
                state.loaded = 0
                state.begin_ns = now_ns
            case .loaded: state.isLoading = false
            case .measuring(let strategy, let index):
                state.text = "measuring \(strategy), repeat \(index) of \(repeats)"
                state.begin_ns = now_ns
            case .measured:
                state.measured += 1
                state.measuring_ns += now_ns &- state.begin_ns
            }
        }
        draw()
    }

    /// Counts sessions that have signed in; many threads call it.
    func loaded(_ count: Int) {
        if isShown { state.withLock { $0.loaded += count } }
    }

    func clear() {
        guard isShown else { return }
        state.withLock { state in
            state.isOver = true
            Console.overwrite("")
        }
    }

    /// Draws the line again.
    ///
    /// - Returns: whether the run still goes on.
    @discardableResult
    private func draw() -> Bool {
        state.withLock { state in
            guard !state.isOver else { return false }
            let total = strategies * repeats
            let text = "\(state.text)\(place)\(loadShare(state))\(timeLeft(state, total: total))"
            let bar = Self.bar(
                done: state.measured, of: total, columns: Console.errorColumns - text.count - 1)
            Console.overwrite(bar + text)
            return true
        }
    }

    /// Returns a bar with a blank after it, or nothing when there is no room.
    static func bar(done: Int, of total: Int, columns: Int) -> String {
        let width = min(24, columns - 3)
        guard width >= 6 else { return "" }
        let filled = done * width / max(1, total)
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
            + "] "
    }

    private func loadShare(_ state: State) -> String {
        guard state.isLoading, state.loaded > 0 else { return "" }
        return " \(min(100, state.loaded * 100 / max(1, sessions))) %"
    }

    /// Estimates the time left, from the known time or the pace so far, and the rest of the current loading.
    private func timeLeft(_ state: State, total: Int) -> String {
        let spent_s = Double(now_ns &- state.begin_ns) / 1e9
        let pace_s = state.measured == 0 ? nil : Double(state.measuring_ns) / 1e9 / Double(state.measured)
        guard let step_s = step_s ?? pace_s else { return "" }
        var left_s = Double(total - state.measured) * step_s
        if !state.isLoading {
            left_s -= min(spent_s, step_s)
        } else if state.loaded > 0 {
            left_s += spent_s * Double(max(0, sessions - state.loaded)) / Double(state.loaded)
        }
        // Overdue requests are answered after the end, and nobody knows for how long.
        return left_s > 0 || state.isLoading
            ? ", about \(Int(max(1, left_s).rounded(.up))) s left" : ", answering what was due"
    }

    private var now_ns: UInt64 { DispatchTime.now().uptimeNanoseconds }
}
