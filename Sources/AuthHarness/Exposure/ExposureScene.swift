import AuthCore
import Synchronization

/// What all clients of one exposure measurement look at.
final class ExposureScene: Sendable {
    /// One credential for each task, in the same order.
    let wallet: Wallet
    let timetable: WithdrawalTimetable
    let stop: StopFlag
    let instruments: Instruments
    /// How many withdrawals have been acknowledged: those of the first tasks, because one client does them in order.
    let acknowledged = Atomic(0)

    init(wallet: Wallet, timetable: WithdrawalTimetable, instruments: Instruments, stop: StopFlag) {
        self.wallet = wallet
        self.timetable = timetable
        self.instruments = instruments
        self.stop = stop
    }

    var timepiece: Timepiece { instruments.timepiece }
}
