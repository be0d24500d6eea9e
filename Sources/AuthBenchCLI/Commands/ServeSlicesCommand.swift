import ArgumentParser
import Backends
import Foundation

/// `authbench serve-slices`: measures what lines on stdin say, for `gate`; not meant to be typed.
struct ServeSlicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-slices", abstract: "Measures slices for the gate, driven by lines on stdin.",
        shouldDisplay: false)

    func run() throws {
        // What a strategy prints must not stand between the answers.
        guard let descriptors = ProtocolDescriptors.take() else {
            throw Fault.runtime("no descriptors are left for the slice protocol: raise ulimit -n")
        }
        let output = FileHandle(fileDescriptor: descriptors.output)
        var input = LineReader(FileHandle(fileDescriptor: descriptors.input))
        var server = SliceServer(Registry.strategies)
        try output.write(contentsOf: SliceProtocol.line(server.greeting))
        while let line = Self.next(&input) {
            let answer = server.answer(String(decoding: line, as: UTF8.self))
            try output.write(contentsOf: SliceProtocol.line(answer))
        }
    }

    /// The next line, however long it takes; `nil` at the end.
    private static func next(_ input: inout LineReader) -> Data? {
        while true {
            do { return try input.next(patience_s: 3600) } catch  where error == .silent { continue } catch {
                return nil
            }
        }
    }
}
