import ArgumentParser
import Foundation

/// `authbench serve-slices`: measures what lines on stdin say, for `gate`; not meant to be typed.
struct ServeSlicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-slices", abstract: "Measures slices for the gate, driven by lines on stdin.",
        shouldDisplay: false)

    func run() throws {
        var server = SliceServer(Registry.strategies)
        try FileHandle.standardOutput.write(contentsOf: SliceProtocol.line(server.greeting))
        while let line = readLine() {
            let answer = server.answer(line)
            try FileHandle.standardOutput.write(contentsOf: SliceProtocol.line(answer))
        }
    }
}
