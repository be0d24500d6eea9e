/// The workload files of this folder, inside the program, so that it finds them wherever it is run.
package enum BuiltinWorkloads {
    /// Name and JSON text, the default first.
    package static var all: [(name: String, json: [UInt8])] {
        [
            ("mixed", PackageResources.mixed_json),
            ("browse", PackageResources.browse_json),
            ("login-storm", PackageResources.login_storm_json),
            ("logout-heavy", PackageResources.logout_heavy_json),
            ("hostile", PackageResources.hostile_json),
            ("services", PackageResources.services_json),
            ("preferences", PackageResources.preferences_json),
            ("carts", PackageResources.carts_json),
        ]
    }
}
