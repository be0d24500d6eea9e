/// Why a JSON text was refused.
public enum JSONFault: Error, Equatable, Sendable {
    /// Not UTF-8, or with a byte order mark (RFC 8259 section 8.1).
    case encoding
    /// Against the grammar of RFC 8259 at this byte.
    case syntax(offset: Int)
    /// A member name that stands twice in one object, after unescaping (RFC 7519 section 4).
    case duplicateName(offset: Int)
    case tooDeep
    case tooManyMembers
}

/// The bounds within which a text is read, so that a hostile one costs little.
public enum JSONLimits {
    @inlinable public static var depth: Int { 16 }
    @inlinable public static var members: Int { 64 }
}
