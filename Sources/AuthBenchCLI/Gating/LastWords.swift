import Foundation

/// What a program that ended had to say about it.
enum LastWords {
    /// How runtimes and the C library begin what they say of a crash.
    private static let beginnings = [
        "Fatal error", "Program crashed", "terminate called", "Assertion", "AddressSanitizer", "*** ",
    ]

    /// The line that names the reason: of a crash its first, because a backtrace follows it, else the last.
    ///
    /// - Parameter file: its standard error, of which the end is read.
    /// - Returns: a line without the control characters that a terminal would obey; `nil` when there is none.
    static func reason(in file: URL) -> String? {
        guard let handle = try? FileHandle(forReadingFrom: file), let end = try? handle.seekToEnd() else {
            return nil
        }
        try? handle.seek(toOffset: end > 1 << 18 ? end - 1 << 18 : 0)
        guard let data = try? handle.readToEnd() else { return nil }
        return reason(in: String(decoding: data, as: UTF8.self))
    }

    static func reason(in text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        let crash = lines.first { line in beginnings.contains { line.contains($0) } }
        return (crash ?? lines.last).map { line in
            String(
                String.UnicodeScalarView(
                    line.unicodeScalars.filter { $0.properties.generalCategory != .control }))
        }
    }
}
