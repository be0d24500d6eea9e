import AuthCore

extension Worker where S: ~Copyable {
    /// Weighs a specimen of each claim profile; the sessions that they begin are ended at once.
    mutating func weigh() throws -> [CredentialSize] {
        var sizes: [CredentialSize] = []
        for profile in ClaimProfile.allCases {
            let specimen = try strategy.specimen(of: profile, at: .traceStart)
            try strategy.logout(specimen, at: .traceStart)
            sizes.append(CredentialSize(strategy: S.descriptor, profile: profile, credential: specimen))
        }
        return sizes
    }
}
