import ArgumentParser
import AuthDecision

/// An option for each requirement, whose name and help come from its key.
struct RequirementOptions: ParsableArguments {
    @Option(.requestsPerSecond) var requestsPerSecond: String?
    @Option(.users) var users: String?
    @Option(.signInsPerDay) var signInsPerDay: String?
    @Option(.services) var services: String?
    @Option(.logoutWithin) var logoutWithin: String?
    @Option(.permissionChangeWithin) var permissionChangeWithin: String?
    @Option(.stores) var stores: String?
    @Option(.storeRTT) var storeRTT: String?
    @Option(.whileStoreAway) var whileStoreAway: String?
    @Option(.headerLimit) var headerLimit: String?
    @Option(.verifiersMayMint) var verifiersMayMint: String?
    @Option(.claims) var claims: String?
    @Option(.p99) var p99: String?
    @Option(.corePrice) var corePrice: String?
    @Option(.requestTime) var requestTime: String?

    /// What was given for a requirement; a switch, so that none can be forgotten.
    subscript(key: RequirementKey) -> String? {
        switch key {
        case .requestsPerSecond: requestsPerSecond
        case .users: users
        case .signInsPerDay: signInsPerDay
        case .services: services
        case .logoutWithin: logoutWithin
        case .permissionChangeWithin: permissionChangeWithin
        case .stores: stores
        case .storeRTT: storeRTT
        case .whileStoreAway: whileStoreAway
        case .headerLimit: headerLimit
        case .verifiersMayMint: verifiersMayMint
        case .claims: claims
        case .p99: p99
        case .corePrice: corePrice
        case .requestTime: requestTime
        }
    }
}

extension Option where Value == String? {
    fileprivate init(_ key: RequirementKey) {
        self.init(
            name: .customLong(key.option), help: ArgumentHelp("\(key.meaning)", valueName: key.valueName))
    }
}
