import COpenSSL

/// The version of the library that runs, as it names itself.
package enum OpenSSLVersion {
    package static var running: String {
        unsafe OpenSSL_version(OPENSSL_VERSION).map { unsafe String(cString: $0) } ?? "unknown"
    }
}
