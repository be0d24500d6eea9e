import AuthResults
import Foundation

/// One measurement of a series: a command line of this very program, which a reader can repeat.
struct Experiment: Equatable, Sendable {
    /// Names its folder, so it has letters, digits, dots, `-` and `_` only, and begins with a letter or digit.
    var name: String
    /// Without `--out` and `--quiet`, which the series adds.
    var arguments: [String]
    /// Where a sweep measures; `nil` in another series.
    var point: SweepTable.Point?

    init(_ name: String, _ arguments: [String], at point: SweepTable.Point? = nil) {
        (self.name, self.arguments, self.point) = (name, arguments, point)
    }

    /// As somebody would type it in a shell.
    var commandLine: String { Shell.line(["authbench"] + arguments) }

    /// How an experiment ended, and what it wrote.
    struct Outcome: Sendable {
        var status: Int32
        /// Its last word, where it had one.
        var message: String?
        /// Its result folders, in the order of their names: several where it measured at several distances.
        var folders: [URL]
    }
}

/// Words as a shell takes them.
enum Shell {
    static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    static func quoted(_ word: String) -> String {
        word.wholeMatch(of: /[A-Za-z0-9_@%+=:,.\/-]+/) != nil
            ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

/// Says which experiment runs and how long the series still takes: on a terminal in one line that is drawn again,
/// elsewhere in one line for each.
struct SeriesLine {
    private let text: String
    private let isShown: Bool
    private let (done, planned): (Int, Int)
    private let pace_s: Double?
    private let begin = ContinuousClock.now

    /// - Parameters:
    ///   - experiment: what runs.
    ///   - done: how many have ended.
    ///   - planned: how many there will be, as far as that is known.
    ///   - pace_s: how long one takes; `nil` where nobody knows.
    ///   - isQuiet: whether nothing is said.
    init(_ experiment: Experiment, done: Int, of planned: Int, pace_s: Double?, isQuiet: Bool) {
        (self.done, self.planned, self.pace_s) = (done, max(planned, done + 1), pace_s)
        text = "\(done + 1) of \(self.planned): \(experiment.commandLine)"
        isShown = !isQuiet && Console.isErrorTerminal
        if !isQuiet, !isShown { Console.say(text) }
    }

    func draw() {
        guard isShown else { return }
        let spent_s = begin.duration(to: .now) / .seconds(1)
        let left = pace_s.map { pace_s in
            max(1, Double(planned - done) * pace_s - min(spent_s, pace_s)).rounded(.up)
        }
        let words = left.map { "about \(Int($0)) s left, " } ?? ""
        let bar = Progress.bar(done: done, of: planned, columns: Console.errorColumns - words.count - 40)
        Console.overwrite(bar + words + text)
    }

    func clear() { if isShown { Console.overwrite("") } }
}
