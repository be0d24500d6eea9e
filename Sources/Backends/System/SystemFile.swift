import Foundation

/// A file in which the kernel or the distribution says something of itself, such as those in `/proc`.
package enum SystemFile {
    /// The whole text; `nil` where there is none to be read, which no caller takes for an error.
    package static func text(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }

    /// A file of a single line, without its end.
    package static func line(_ path: String) -> String? {
        text(path)?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
