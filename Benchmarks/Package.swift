// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
let hotPaths = Target.Dependency.product(name: "HotPaths", package: "authbench")

/// A target with a folder of its name.
func target(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies, path: name, swiftSettings: settings)
}

/// A target that `swift package benchmark` runs.
func benchmarks(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies + [
            hotPaths, "Contest", "Peers", .product(name: "Benchmark", package: "benchmark"),
        ],
        path: name, swiftSettings: settings, plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
    )
}

/// Whether only what CI counts is built: a build makes all targets, whichever is asked for, and the libraries take long.
let isCountingOnly = Context.environment["AUTHBENCH_BENCHMARKS"] == "Counts"

let package = Package(
    name: "authbench-benchmarks",
    dependencies: [
        .package(name: "authbench", path: "..")
    ]
        + (isCountingOnly
            ? []
            : [
                // Without its interposers: what is allocated is counted in Counts, where nothing is timed.
                .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
                .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
            ]),
    targets: [
        .target(
            name: "CBare", path: "CBare",
            linkerSettings: [
                .linkedLibrary("crypto"), .linkedLibrary("sqlite3"), .linkedLibrary("hiredis"),
                .linkedLibrary("pq"),
            ]),
        .target(name: "CCounting", path: "CCounting"),
        target("Contest", hotPaths, "CBare"),
        target("Peers", hotPaths, "CBare", "Contest"),
        .executableTarget(
            name: "Counts", dependencies: [hotPaths, "Peers", "CCounting"], path: "Counts",
            swiftSettings: settings),
    ]
        + (isCountingOnly
            ? []
            : [
                target("Libraries", "Contest", .product(name: "JWTKit", package: "jwt-kit")),
                benchmarks("Pieces"),
                benchmarks("Ratios", "Libraries"),
            ])
)
