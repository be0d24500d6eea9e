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
        // For whoever measures strategies of their own: `import AuthBench`.
        .library(name: "AuthBench", targets: ["AuthBench"]),
        // For whoever writes a store or an algorithm for one of the families: `import AuthBenchParts`.
        .library(name: "AuthBenchParts", targets: ["AuthBenchParts"]),
        // For the package in Benchmarks only.
        .library(name: "HotPaths", targets: ["HotPaths", "AuthStrategies", "AuthCore", "AuthText"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // For tests only: the histogram that ours is checked against.
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Layer 0: the C libraries, and what only C can say.
        .systemLibrary(name: "CAuthBenchSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CAuthBenchHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CAuthBenchOpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CAuthBenchPostgreSQL", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CAuthBenchLinux"),
        .target(name: "CAuthBenchBase64URL"),

        // Layer 1: what everything else is said in.
        .target(name: "AuthCore"),
        .target(name: "AuthText", dependencies: ["AuthCore"]),
        .target(name: "AuthStatistics"),
        .target(
            name: "Backends",
            dependencies: [
                "CAuthBenchSQLite", "CAuthBenchHiredis", "CAuthBenchOpenSSL", "CAuthBenchPostgreSQL",
                "CAuthBenchLinux", "CAuthBenchBase64URL",
            ]),
        .target(
            name: "BuiltinWorkloads", path: "Benchmarks/Workloads",
            resources: workloads.map { .embedInCode("\($0).json") }),

        // Layer 2: what is measured, what measures, what is written.
        .target(name: "AuthStrategies", dependencies: ["AuthCore", "AuthText", "Backends"]),
        .target(name: "AuthHarness", dependencies: ["AuthCore"]),
        .target(name: "AuthConformance", dependencies: ["AuthCore", "AuthText", "Backends"]),
        .target(name: "AuthResults", dependencies: ["AuthCore", "AuthStatistics", "Backends"]),

        // Layer 3: what follows from it.
        .target(
            name: "AuthVerdict", dependencies: ["AuthResults", "AuthCore", "AuthStatistics", "Backends"]),
        .target(
            name: "HotPaths",
            dependencies: ["AuthCore", "AuthText", "AuthHarness", "AuthStrategies", "Backends"]),

        // Layer 4: what to choose, and two programs in turns.
        .target(
            name: "AuthDecision", dependencies: ["AuthVerdict", "AuthResults", "AuthCore", "AuthStatistics"]),
        .target(
            name: "AuthGate",
            dependencies: [
                "AuthVerdict", "AuthResults", "AuthHarness", "AuthStrategies", "AuthCore", "AuthStatistics",
                "Backends", "BuiltinWorkloads",
            ]),

        // Layer 5: the command line, and its two doors.
        .target(
            name: "AuthBenchCLI",
            dependencies: [
                "AuthCore", "AuthText", "AuthConformance", "AuthHarness", "AuthResults", "AuthVerdict",
                "AuthDecision", "AuthGate", "AuthStatistics", "AuthStrategies", "Backends",
                "BuiltinWorkloads",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .target(name: "AuthBench", dependencies: ["AuthBenchCLI", "AuthStrategies", "AuthCore"]),
        .target(name: "AuthBenchParts", dependencies: ["AuthBench", "AuthStrategies"]),
        .executableTarget(name: "authbench", dependencies: ["AuthBench"]),

        .testTarget(name: "AuthCoreTests", dependencies: ["AuthCore", "AuthText", "AuthStatistics"]),
        // Real servers and files for the tests of several rooms.
        .target(name: "TestStores", dependencies: ["AuthCore", "Backends"], path: "Tests/TestStores"),
        .testTarget(name: "AuthStatisticsTests", dependencies: ["AuthStatistics"]),
        .testTarget(name: "BackendsTests", dependencies: ["Backends"]),
        .testTarget(
            name: "AuthStrategiesTests",
            dependencies: ["AuthStrategies", "AuthCore", "AuthText", "Backends", "TestStores"]),
        .testTarget(
            name: "AuthHarnessTests",
            dependencies: [
                "AuthHarness", "AuthCore", "AuthResults", "AuthStatistics", "AuthStrategies", "AuthDecision",
                "TestStores",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]),
        // Strategies that crash, hang and print, for the tests of `conform`.
        .executableTarget(
            name: "BrokenStrategies", dependencies: ["AuthBench"],
            path: "Tests/BrokenStrategies"),
        .testTarget(
            name: "AuthConformanceTests",
            dependencies: [
                "AuthConformance", "AuthStrategies", "AuthCore", "AuthText", "Backends", "BrokenStrategies",
                "TestStores",
            ]),
        .testTarget(
            name: "AuthResultsTests",
            dependencies: [
                "AuthResults", "AuthVerdict", "AuthGate", "AuthCore", "AuthStatistics", "Backends",
            ]),
        .testTarget(
            name: "AuthDecisionTests",
            dependencies: ["AuthDecision", "AuthResults", "AuthCore", "AuthStatistics", "AuthStrategies"]),
        .testTarget(
            name: "AuthBenchCLITests",
            dependencies: [
                "authbench", "AuthDecision", "AuthBenchCLI", "AuthCore", "AuthText", "AuthGate",
                "AuthResults", "AuthVerdict",
                "Backends", "BrokenStrategies",
            ]),
    ]
)

// The same properties twice: in tests that replay the corpus, or with `make fuzz` in the fuzzer.
let isFuzzed = Context.environment["AUTHBENCH_FUZZ"] != nil
let properties: [Target.Dependency] = [
    "AuthCore", "AuthText", "Backends", "AuthStrategies", "AuthResults", "AuthVerdict", "AuthGate",
    "AuthBenchCLI",
]
let data = ["CAuthBenchLibFuzzer", "Corpus", "Regressions", "README.md"]
package.targets +=
    isFuzzed
    ? [
        .systemLibrary(name: "CAuthBenchLibFuzzer", path: "Tests/Fuzz/CAuthBenchLibFuzzer"),
        .executableTarget(
            name: "authbench-fuzz", dependencies: properties + ["CAuthBenchLibFuzzer"], path: "Tests/Fuzz",
            exclude: data + ["Replay"]),
    ]
    : [
        .testTarget(
            name: "FuzzTests", dependencies: properties, path: "Tests/Fuzz", exclude: data + ["Driver"])
    ]

for target in package.targets where target.type != .system {
    target.swiftSettings = settings
}

// Simulations and properties in the tests calculate much: a debug build of these targets takes several times as long. Not for whoever depends
// on this package, where SwiftPM refuses unsafe flags.
if Context.environment["AUTHBENCH_TESTS"] != nil {
    for target in package.targets where ["AuthStatistics", "AuthDecision"].contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
    }
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
