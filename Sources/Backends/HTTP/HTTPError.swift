/// What is wrong with an exchange over HTTP.
package enum HTTPError: Error, CustomStringConvertible, Equatable {
    /// The connection failed: refused, timed out or closed.
    case connection(operation: String, message: String)
    /// The server's certificate is not to be believed, or nobody is who could believe it (RFC 9110 section 4.3.4).
    case untrusted(String)
    /// What came is no message that is understood here.
    case malformed(String)
    /// The server says that it cannot answer, or will not (RFC 9110 section 15).
    case status(Int, String)

    /// Whether the server was away, busy or full, for which nobody who asks it is to blame.
    package var isOutage: Bool {
        switch self {
        case .connection: true
        case .malformed, .untrusted: false
        case .status(let status, _): status >= 500
        }
    }

    package var description: String {
        switch self {
        case .connection(let operation, let message): "HTTP: could not \(operation): \(message)"
        case .untrusted(let reason): "HTTP: not trusted: \(reason)"
        case .malformed(let reason): "HTTP: what came is not understood: \(reason)"
        case .status(let status, let reason): "HTTP: the server answered \(status): \(reason)"
        }
    }
}
