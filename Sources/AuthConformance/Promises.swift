import AuthCore

/// Of which strategies a requirement asks something.
enum Ground: Sendable {
    /// Of each, the harness's own floor too.
    case every
    /// Of each that authenticates somebody.
    case protecting
    case signed, random
    case bearer, cookie
    /// Where revocation is immediate.
    case revocable
    /// Where a signed credential dies before its expiry, which takes a list of the dead.
    case revocableToken
    case sessions
    /// Sessions in a server that may evict a part of them.
    case evictableSessions
    case stored
    /// Where what is looked up stands in a store.
    case storedRandom
    case refreshable
}

/// What a strategy promises: by its descriptor, and by a credential of its own.
struct Promises {
    let descriptor: StrategyDescriptor
    let isSigned: Bool
    /// Whether `signOctets` signs for the kit.
    let canSign: Bool
    let isBearer: Bool
    let hasRefreshToken: Bool

    init(_ descriptor: StrategyDescriptor, specimen: Credential, canSign: Bool) {
        self.descriptor = descriptor
        self.canSign = canSign
        let nature = descriptor.credential
        isSigned = nature.map { $0 == .signed } ?? (canSign || GenuineToken(specimen.headerLine) != nil)
        isBearer = CredentialLine(specimen.headerLine).isBearer
        hasRefreshToken = !specimen.refreshToken.isEmpty
    }

    private var isFloor: Bool { descriptor.transport == .none }

    /// Why a requirement on this ground asks nothing of the strategy; `nil` where it does.
    func objection(to ground: Ground) -> String? {
        guard ground != .every else { return nil }
        guard !isFloor else { return "the harness's own floor authenticates nobody" }
        let isImmediate = descriptor.revocation == .immediate
        let (holds, text): (Bool, String) =
            switch ground {
            case .every, .protecting: (true, "")
            case .signed: (isSigned, "the credential is looked up, not signed")
            case .random: (!isSigned, "the credential is signed, not looked up")
            case .bearer: (isBearer, "the credential is no bearer token")
            case .cookie: (descriptor.transport == .cookie, "the credential is no cookie")
            case .revocable: (isImmediate, "it promises revocation at expiry only")
            case .revocableToken:
                (
                    isSigned && isImmediate,
                    isSigned ? "it promises revocation at expiry only" : "no signed token"
                )
            case .sessions: (descriptor.keepsSessions, "by its descriptor it keeps no sessions")
            case .evictableSessions:
                (
                    descriptor.keepsSessions && descriptor.stores.contains(.redis),
                    "no sessions that Redis may evict"
                )
            case .stored: (!descriptor.stores.isEmpty, "by its descriptor it has no store")
            case .storedRandom:
                (
                    !isSigned && !descriptor.stores.isEmpty,
                    isSigned ? "the credential is signed, not looked up" : "by its descriptor it has no store"
                )
            case .refreshable: (hasRefreshToken, "no refresh token")
            }
        return holds ? nil : text
    }
}
