import COpenSSL

/// A failed OpenSSL call: the operation, and the first entry of the thread's error queue.
package struct OpenSSLError: Error, CustomStringConvertible {
    package var operation: String
    package var code: UInt
    package var message: String

    /// Takes the error that the last call left behind, and empties the queue.
    init(_ operation: String) {
        self.operation = operation
        code = UInt(ERR_get_error())
        var text = [CChar](repeating: 0, count: 256)
        unsafe ERR_error_string_n(code, &text, text.count)
        message = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        ERR_clear_error()
    }

    package var description: String { "OpenSSL could not \(operation): \(message)" }
}
