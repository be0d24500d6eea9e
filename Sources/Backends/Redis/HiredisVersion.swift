import CHiredis

/// The client library; it tells its version in its headers only, so this is the one compiled against.
package enum HiredisVersion {
    package static var compiled: String { "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH)" }
}
