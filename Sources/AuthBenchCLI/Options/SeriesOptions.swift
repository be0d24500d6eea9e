import ArgumentParser
import AuthResults
import Foundation

/// Holds the argument that goes on with a series of experiments.
struct SeriesOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Goes on with the series in this folder, with the options that it was begun with. What it has is not measured again.",
            valueName: "folder"))
    var resume: String?

    func validate() throws {
        if let resume { try CommandError.refuseEmpty(resume, "--resume") }
    }

    /// The options of a series that is gone on with by its folder alone.
    @TaskLocal private static var recorded: [String]?

    /// Carries out the command again with the options that the folder records, where the user named only the folder.
    ///
    /// - Parameters:
    ///   - command: its name.
    ///   - type: its type.
    /// - Returns: whether it was carried out.
    /// - Throws: `CommandError` for a folder that is no such series, and whatever the command throws.
    func carriedOutAgain<Command: ParsableCommand>(_ command: String, _ type: Command.Type) throws -> Bool {
        guard let resume, Self.recorded == nil, Self.decisive(Self.typed).isEmpty else { return false }
        let record: SeriesRecord
        do throws(ResultError) { record = try SeriesRecord(readFrom: URL(fileURLWithPath: resume)) } catch {
            throw CommandError.badData("--resume \(resume): \(error)")
        }
        guard record.command == command else {
            throw CommandError.badData(
                "--resume \(resume): authbench \(record.command) made it, not authbench \(command)")
        }
        try Self.$recorded.withValue(record.options) {
            var again = try type.parse(record.options + Self.typed)
            try again.run()
        }
        return true
    }

    /// Begins the series of a command, or goes on with an old one.
    func series(_ command: String, title: String, _ results: ResultOptions) throws -> ExperimentSeries {
        try series(command, title: title, out: results.out, isQuiet: results.quiet)
    }

    func series(_ command: String, title: String, out: String, isQuiet: Bool) throws -> ExperimentSeries {
        try ExperimentSeries(
            .init(command: command, options: Self.options, title: title), out: out, resume: resume,
            isQuiet: isQuiet)
    }

    /// The options that decide what is measured, as they were typed, or recorded.
    static var options: [String] { recorded ?? decisive(typed) }

    /// What stands behind the name of the command.
    private static var typed: [String] { Array(CommandLine.arguments.dropFirst(2)) }

    /// The arguments without those that say where the results are and how they are shown.
    static func decisive(_ arguments: [String]) -> [String] {
        let (valued, flags) = (["--out", "--resume", "--format"], ["--quiet", "-q"])
        var (rest, isValue) = ([String](), false)
        for argument in arguments {
            if isValue {
                isValue = false
            } else if valued.contains(argument) {
                isValue = true
            } else if !flags.contains(argument), !valued.contains(where: { argument.hasPrefix($0 + "=") }) {
                rest.append(argument)
            }
        }
        return rest
    }
}
