import COpenSSL

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
