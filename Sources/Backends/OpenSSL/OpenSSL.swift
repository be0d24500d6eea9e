import CAuthBenchOpenSSL

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

/// How long OpenSSL's own tables live.
package enum OpenSSLLifetime {
    /// Keeps them until the process is gone: freed by `exit` on one thread, they took the others down, which still computed.
    ///
    /// Call before anything else of OpenSSL (OPENSSL_init_crypto(3)).
    package static func keepUntilTheEnd() {
        _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}

/// The library that runs, as it names itself.
package enum OpenSSLVersion {
    package static var running: String { text(OPENSSL_VERSION) ?? "unknown" }

    /// The capabilities of the CPU by which it chooses its code, such as `OPENSSL_ia32cap=0x…`
    /// (OPENSSL_ia32cap(3)); `nil` where it tells none.
    package static var cpuCapabilities: String? {
        let prefix = "CPUINFO: "
        guard let text = text(OPENSSL_CPU_INFO), text.hasPrefix(prefix) else { return nil }
        let capabilities = String(text.dropFirst(prefix.count))
        return capabilities == "N/A" ? nil : capabilities
    }

    private static func text(_ kind: Int32) -> String? {
        unsafe OpenSSL_version(kind).map { unsafe String(cString: $0) }
    }
}
