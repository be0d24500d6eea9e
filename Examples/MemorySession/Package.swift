// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "my-authbench",
    dependencies: [
        // In a repository of your own: .package(url: "…/authbench", exact: "…")
        .package(name: "authbench", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "my-authbench", dependencies: [.product(name: "AuthBench", package: "authbench")])
    ]
)
