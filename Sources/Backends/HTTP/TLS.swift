import CAuthBenchOpenSSL
import Dispatch
import Glibc

/// Which servers are believed over TLS, for all connections to them (SSL_CTX_new(3)).
@safe package final class TLSTrust {
    fileprivate let context: OpaquePointer

    /// - Parameters:
    ///   - authorities: a PEM file of certificates to trust; `nil` for those of the system.
    ///   - isVerified: whether a server must have a certificate that one of them has signed for its name.
    /// - Throws: `HTTPError.untrusted` where the file has no certificate.
    package init(authorities: String? = nil, isVerified: Bool = true) throws(HTTPError) {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw .untrusted("\(OpenSSLError("begin with TLS"))")
        }
        unsafe self.context = context
        // TLS 1.0 and 1.1 are not to be used any more (RFC 8996).
        _ = unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        unsafe SSL_CTX_set_verify(context, isVerified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        let isRead =
            if let authorities {
                unsafe SSL_CTX_load_verify_file(context, authorities)
            } else {
                unsafe SSL_CTX_set_default_verify_paths(context)
            }
        guard isRead == 1 else {
            throw .untrusted(
                "\(authorities ?? "the system's list") has no certificate (PEM) to trust: \(OpenSSLError("read it").message)"
            )
        }
    }

    deinit { unsafe SSL_CTX_free(context) }
}

/// Nothing of it changes once it is made, and OpenSSL counts its uses itself (openssl-threads(7)).
extension TLSTrust: @unchecked Sendable {}

/// One connection's end of TLS.
///
/// Its socket does not wait by itself: a record comes in portions, and whoever drips them would hold us for ever.
@safe final class TLSSession {
    private let session: OpaquePointer
    private let socket: Int32
    /// Until when it waits for the other end, by the clock of `DispatchTime`.
    var limit_ns: UInt64

    /// Shakes hands, without remembering an earlier connection: each new one costs what it costs.
    ///
    /// - Parameters:
    ///   - trust: whom to believe.
    ///   - socket: connected; it stays the caller's.
    ///   - host: as the server's certificate must have it: a name or an address in digits.
    ///   - limit_ns: until when that may take.
    /// - Throws: `HTTPError`.
    init(
        _ trust: TLSTrust, over socket: Int32, to host: String, limit_ns: UInt64
    ) throws(HTTPError) {
        guard let session = unsafe SSL_new(trust.context) else {
            throw .untrusted("\(OpenSSLError("begin with TLS"))")
        }
        unsafe self.session = session
        (self.socket, self.limit_ns) = (socket, limit_ns)
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
        var (four, six) = (in_addr(), in6_addr())
        if unsafe inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1 {
            unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host)
        } else {
            unsafe SSL_set1_host(session, host)
            // Which of several names is meant (RFC 6066 section 3).
            let name = Array(host.utf8CString)
            _ = unsafe name.withUnsafeBufferPointer { name in
                unsafe SSL_ctrl(
                    session, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                    UnsafeMutableRawPointer(mutating: name.baseAddress))
            }
        }
        guard unsafe SSL_set_fd(session, socket) == 1 else {
            throw .untrusted("\(OpenSSLError("begin with TLS"))")
        }
        var result: Int32
        repeat {
            ERR_clear_error()
            errno = 0
            result = unsafe SSL_connect(session)
        } while result != 1 && waits(after: result)
        if result != 1 { throw unsafe Self.failure(session, result, host) }
    }

    deinit { unsafe SSL_free(session) }

    /// Tells the other end that nothing was cut off (RFC 8446 section 6.1), and does not wait for the same from there.
    func end() {
        ERR_clear_error()
        unsafe SSL_shutdown(session)
        ERR_clear_error()
    }

    @unsafe private static func failure(
        _ session: OpaquePointer, _ result: Int32, _ host: String
    ) -> HTTPError {
        let kind = unsafe SSL_get_error(session, result)
        let reason = unsafe SSL_get_verify_result(session)
        if reason != Int(X509_V_OK), unsafe SSL_get_verify_mode(session) != SSL_VERIFY_NONE {
            let words = unsafe X509_verify_cert_error_string(reason).map { unsafe String(cString: $0) }
            ERR_clear_error()
            return .untrusted("the certificate of \(host): \(words ?? "not trusted")")
        }
        if kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE {
            return .connection(operation: "shake hands by TLS with \(host)", message: "timed out")
        }
        if kind == SSL_ERROR_SSL {
            return .connection(
                operation: "shake hands by TLS with \(host)", message: OpenSSLError("shake hands").message)
        }
        let number = errno
        return .connection(
            operation: "shake hands by TLS with \(host)",
            message: number == 0 ? "the server closed the connection" : SystemError.text(number))
    }

    /// As send(2) does.
    @unsafe func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        moved { count in unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &count) }
    }

    /// As recv(2) does: 0 where the other end says that it is over.
    @unsafe func receive(into bytes: UnsafeMutableRawBufferPointer) -> Int {
        moved { count in unsafe SSL_read_ex(session, bytes.baseAddress, bytes.count, &count) }
    }

    /// Calls again until bytes have been moved, or cannot be in time.
    private func moved(_ call: (inout Int) -> Int32) -> Int {
        var count = 0
        while true {
            ERR_clear_error()
            let result = call(&count)
            if result == 1 { return count }
            if !waits(after: result) { return noted(result) }
        }
    }

    /// Waits for the socket where a call could not go on for it.
    ///
    /// - Returns: whether to call again.
    private func waits(after result: Int32) -> Bool {
        let events: Int32
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: events = POLLIN
        case SSL_ERROR_WANT_WRITE: events = POLLOUT
        default: return false
        }
        while true {
            let now_ns = DispatchTime.now().uptimeNanoseconds
            guard now_ns < limit_ns else { return false }
            var one = pollfd(fd: socket, events: Int16(events), revents: 0)
            let count = unsafe poll(&one, 1, Int32(clamping: (limit_ns - now_ns) / 1_000_000 + 1))
            guard count < 0, errno == EINTR else { return count > 0 }
        }
    }

    /// Puts what went wrong into `errno`, as the calls of the system do.
    private func noted(_ result: Int32) -> Int {
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_ZERO_RETURN: return 0
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: errno = EAGAIN
        case SSL_ERROR_SYSCALL where errno != 0: break
        default: errno = ECONNRESET
        }
        return -1
    }
}
