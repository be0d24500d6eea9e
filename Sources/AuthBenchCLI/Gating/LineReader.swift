import Backends
import Foundation

/// Reads a pipe line by line, and waits for none longer than patience allows.
struct LineReader {
    enum Fault: Error { case ended, silent }

    private let handle: FileHandle
    private var unread = Data()

    init(_ handle: FileHandle) { self.handle = handle }

    /// The next line without its end.
    ///
    /// - Parameter patience_s: how long to wait for its next bytes.
    /// - Returns: the line.
    /// - Throws: `Fault` when the writer has closed the pipe, or says nothing.
    mutating func next(patience_s: Double) throws(Fault) -> Data {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(unread[..<end])
                unread = Data(unread[(end + 1)...])
                return line
            }
            guard Readiness.isReadable(handle.fileDescriptor, within: patience_s) else { throw .silent }
            let more = handle.availableData
            if more.isEmpty { throw .ended }
            unread.append(more)
        }
    }
}
