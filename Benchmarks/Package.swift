// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// A target that `swift package benchmark` runs.
func benchmarks(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies + [
            .product(name: "Benchmark", package: "benchmark"), .product(name: "AuthKernels", package: "authbench"),
        ],
        path: name, swiftSettings: settings, plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}

let package = Package(
    name: "authbench-benchmarks",
    dependencies: [
        .package(name: "authbench", path: ".."),
        // Without its interposers: what is allocated is counted in Allocations, where nothing is timed.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .target(
            name: "CBare", path: "CBare",
            linkerSettings: [.linkedLibrary("crypto"), .linkedLibrary("sqlite3"), .linkedLibrary("hiredis")]),
        .target(
            name: "Contest",
            dependencies: ["CBare", .product(name: "AuthKernels", package: "authbench")], path: "Contest",
            swiftSettings: settings),
        .target(
            name: "Peers",
            dependencies: [
                "CBare", "Contest", .product(name: "AuthKernels", package: "authbench"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            path: "Peers", swiftSettings: settings),
        benchmarks("Kernels", ["Contest", "Peers"]),
        benchmarks("Ratios", ["Contest", "Peers"]),
    ]
)
