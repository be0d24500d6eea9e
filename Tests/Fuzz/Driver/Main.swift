import CAuthBenchLibFuzzer
import Foundation

/// The fuzzer: hands libFuzzer's inputs to the property that `FUZZ_TARGET` names.
@main
enum Main {
    static let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? "")

    /// Without a target, says which there are.
    static func main() {
        guard target != nil else {
            print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
            return
        }
        var (count, arguments) = unsafe (CommandLine.argc, Optional(CommandLine.unsafeArgv))
        let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
            Main.check(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
        }
        exit(status)
    }

    /// Tries one input; a crash is what libFuzzer takes for a finding.
    private static func check(_ input: [UInt8]) -> Int32 {
        do { try target?.check(input) } catch { fatalError("\(error)") }
        return 0
    }
}
