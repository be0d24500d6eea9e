import Glibc

/// The system's own words for an error number (errno(3)).
package enum SystemError {
    package static func text(_ number: Int32) -> String {
        unsafe String(cString: strerror(number))
    }
}
