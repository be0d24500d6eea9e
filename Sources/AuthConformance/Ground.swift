import AuthCore

/// Of which strategies a requirement asks something.
enum Ground: Sendable {
    /// Of each, the harness's own baseline too.
    case every
    /// Of each that authenticates somebody.
    case protecting
    /// Where a request uses the credential up.
    case oneUse
    case signed, random
    case bearer, cookie
    /// Where revocation is immediate.
    case revocable
    /// Where a signed credential dies before its expiry, which takes a list of the dead.
    case revocableToken
    /// Where all signed credentials of a user die at once.
    case epoch
    case sessions
    /// Sessions in a server that may evict a part of them.
    case evictableSessions
    case stored
    /// Where what is looked up stands in a store.
    case storedRandom
    case refreshable
    /// Where an authorization server is asked.
    case introspected
}

/// What a strategy promises: by its descriptor, and by a credential of its own.
struct Promises {
    let descriptor: StrategyDescriptor
    let isSigned: Bool
    /// Whether `signOctets` signs for the kit.
    let canSign: Bool
    let isBearer: Bool
    let hasRefreshToken: Bool
    let isForOneUse: Bool

    init(_ descriptor: StrategyDescriptor, sample: Credential, canSign: Bool, isForOneUse: Bool) {
        self.descriptor = descriptor
        self.isForOneUse = isForOneUse
        self.canSign = canSign
        let nature = descriptor.credential
        isSigned = nature.map { $0 == .signed } ?? (canSign || GenuineToken(sample.headerLine) != nil)
        isBearer = CredentialLine(sample.headerLine).isBearer
        hasRefreshToken = !sample.refreshToken.isEmpty
    }

    private var isBaseline: Bool { descriptor.transport == .none }

    /// Why a requirement on this ground asks nothing of the strategy; `nil` where it does.
    func objection(to ground: Ground) -> String? {
        guard ground != .every else { return nil }
        guard !isBaseline else { return "the harness's own baseline authenticates nobody" }
        let isImmediate = descriptor.revocation != .atExpiry
        let (holds, text): (Bool, String) =
            switch ground {
            case .every, .protecting: (true, "")
            case .oneUse: (isForOneUse, "a credential serves any number of requests")
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
            case .epoch:
                (
                    isSigned && descriptor.endsAllAtOnce,
                    isSigned ? "logout everywhere ends no token before its expiry" : "no signed token"
                )
            case .sessions: (descriptor.keepsSessions, "by its descriptor it keeps no sessions")
            case .evictableSessions:
                (
                    descriptor.keepsSessions && !descriptor.stores.isDisjoint(with: [.redis, .redisCluster]),
                    "no sessions that Redis may evict"
                )
            case .stored: (!descriptor.stores.isEmpty, "by its descriptor it has no store")
            case .storedRandom:
                (
                    !isSigned && !descriptor.stores.isEmpty,
                    isSigned ? "the credential is signed, not looked up" : "by its descriptor it has no store"
                )
            case .refreshable: (hasRefreshToken, "no refresh token")
            case .introspected:
                (descriptor.stores.contains(.authority), "no authority is asked about its credentials")
            }
        return holds ? nil : text
    }
}
