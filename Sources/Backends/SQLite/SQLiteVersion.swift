import CSQLite

/// The library that runs.
package enum SQLiteVersion {
    package static var running: String { unsafe String(cString: sqlite3_libversion()) }

    /// The options it was compiled with, without their prefix `SQLITE_` (https://sqlite.org/compile.html).
    package static var compileOptions: [String] {
        var options: [String] = []
        while let option = unsafe sqlite3_compileoption_get(Int32(options.count)) {
            unsafe options.append(String(cString: option))
        }
        return options
    }
}
