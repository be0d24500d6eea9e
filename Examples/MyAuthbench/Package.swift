// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "my-authbench",
    dependencies: [
        // In a repository of your own: .package(url: "…/authbench", exact: "…")
        .package(name: "authbench", path: "../..")
    ],
    targets: [
        // Only for the algorithm, which calls OpenSSL itself.
        .systemLibrary(name: "CExampleOpenSSL"),
        .executableTarget(
            name: "my-authbench",
            dependencies: [
                "CExampleOpenSSL", .product(name: "AuthBench", package: "authbench"),
                .product(name: "AuthBenchParts", package: "authbench"),
            ]),
    ]
)
