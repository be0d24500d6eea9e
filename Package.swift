// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
]

let workloads = [
    "mixed", "browse", "login-storm", "logout-heavy", "hostile", "services", "preferences", "carts",
]

let package = Package(
    name: "authbench",
    products: [
        .executable(name: "authbench", targets: ["authbench"]),
        .library(name: "AuthBench", targets: ["AuthCore", "AuthConformance", "AuthBenchCLI"]),
        // For the package in Benchmarks only.
        .library(name: "AuthKernels", targets: ["AuthKernels", "AuthStrategies", "AuthCore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // For tests only: the histogram that ours is checked against.
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Floor 0: the C libraries, and what only C can say.
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CBase64URL"),

        // Floor 1.
        .target(name: "AuthCore"),
        .target(name: "AuthStatistics"),
        .target(name: "Backends", dependencies: ["CSQLite", "CHiredis", "COpenSSL", "CLinux", "CBase64URL"]),
        .target(
            name: "BuiltinWorkloads", path: "Benchmarks/Workloads",
            resources: workloads.map { .embedInCode("\($0).json") }),

        // Floor 2.
        .target(name: "AuthStrategies", dependencies: ["AuthCore", "Backends"]),
        .target(name: "AuthHarness", dependencies: ["AuthCore"]),
        .target(name: "AuthReport", dependencies: ["AuthCore", "AuthStatistics", "Backends"]),
        .target(name: "AuthConformance", dependencies: ["AuthCore", "Backends"]),

        // Floor 3.
        .target(
            name: "AuthKernels", dependencies: ["AuthCore", "AuthHarness", "AuthStrategies", "Backends"]),
        .target(
            name: "AuthBenchCLI",
            dependencies: [
                "AuthCore", "AuthConformance", "AuthHarness", "AuthReport", "AuthStatistics",
                "AuthStrategies", "Backends", "BuiltinWorkloads",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "authbench", dependencies: ["AuthStrategies", "AuthBenchCLI"]),

        .testTarget(name: "AuthCoreTests", dependencies: ["AuthCore", "AuthStatistics"]),
        .testTarget(name: "AuthStatisticsTests", dependencies: ["AuthStatistics"]),
        .testTarget(name: "BackendsTests", dependencies: ["Backends"]),
        .testTarget(name: "AuthStrategiesTests", dependencies: ["AuthStrategies", "AuthCore", "Backends"]),
        .testTarget(
            name: "AuthHarnessTests",
            dependencies: [
                "AuthHarness", "AuthCore", "AuthReport", "AuthStatistics",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]),
        // Strategies that crash, hang and print, for the tests of `conform`.
        .executableTarget(
            name: "BrokenStrategies", dependencies: ["AuthBenchCLI", "AuthCore"],
            path: "Tests/BrokenStrategies"),
        .testTarget(
            name: "AuthConformanceTests",
            dependencies: ["AuthConformance", "AuthStrategies", "AuthCore", "Backends", "BrokenStrategies"]),
        .testTarget(
            name: "AuthReportTests",
            dependencies: ["AuthReport", "AuthCore", "AuthStatistics", "Backends"]),
        .testTarget(
            name: "AuthBenchCLITests",
            dependencies: [
                "authbench", "AuthBenchCLI", "AuthCore", "AuthReport", "Backends", "BrokenStrategies",
            ]),
    ]
)

// The same properties twice: in tests that replay the corpus, or with `make fuzz` in the fuzzer.
let isFuzzed = Context.environment["AUTHBENCH_FUZZ"] != nil
let properties: [Target.Dependency] = [
    "AuthCore", "Backends", "AuthStrategies", "AuthReport", "AuthBenchCLI",
]
let data = ["CLibFuzzer", "Corpus", "Regressions", "README.md"]
package.targets +=
    isFuzzed
    ? [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "authbench-fuzz", dependencies: properties + ["CLibFuzzer"], path: "Tests/Fuzz",
            exclude: data + ["Replay"]),
    ]
    : [
        .testTarget(
            name: "FuzzTests", dependencies: properties, path: "Tests/Fuzz", exclude: data + ["Driver"])
    ]

for target in package.targets where target.type != .system {
    target.swiftSettings = settings
}

// A program with a defect, for the gate to find: `make defect`.
if let defect = Context.environment["AUTHBENCH_DEFECT"] {
    package.targets.append(
        .target(name: "CDefect", cSettings: [.define("AUTHBENCH_DEFECT", to: defect)]))
    for target in package.targets {
        if target.name == "Backends" { target.dependencies.append("CDefect") }
        if target.type != .system { target.swiftSettings?.append(.define("AUTHBENCH_DEFECT")) }
    }
}
