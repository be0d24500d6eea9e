import AuthCore

/// What is known of a server by its contract.
extension TargetStrategy {
    package static let descriptor = StrategyDescriptor(
        id: "target", title: "a server that is asked over HTTP", transport: .bearer, revocation: .immediate,
        credential: .random, keepsSessions: false, endsAllAtOnce: false, isOnCard: false)

    package static func describe(_ parameters: StrategyParameters) -> StrategyDescriptor {
        var descriptor = descriptor
        guard let contract = try? Contract(json: parameters["contract"] ?? "") else { return descriptor }
        // Who cannot sign out has been promised nothing about it.
        descriptor.revocation = contract.logout == nil ? .atExpiry : contract.revocation
        if case .cookie = contract.presentation { descriptor.transport = .cookie }
        descriptor.hasExposureTheory = descriptor.revocation == .immediate || contract.lifetime_ms != nil
        // The baseline is told by its transport.
        if parameters["route"] == "open" {
            (descriptor.transport, descriptor.hasExposureTheory) = (.none, false)
        }
        return descriptor
    }

    package static func lifetime(under policy: Policy) -> CredentialLifetime {
        .wholeSeconds(contract(policy)?.lifetime_ms ?? policy.lifetimes.token_ms)
    }

    package static func upkeep(under policy: Policy) -> CredentialUpkeep { contract(policy)?.upkeep ?? .none }

    private static func contract(_ policy: Policy) -> Contract? {
        try? Contract(json: policy.parameters["contract"] ?? "")
    }
}
