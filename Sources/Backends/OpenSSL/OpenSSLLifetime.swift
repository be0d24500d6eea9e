import COpenSSL

/// How long OpenSSL's own tables live.
package enum OpenSSLLifetime {
    /// Keeps them until the process is gone: freed by `exit` on one thread, they took the others down, which still computed.
    ///
    /// Call before anything else of OpenSSL (OPENSSL_init_crypto(3)).
    package static func keepUntilTheEnd() {
        _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
