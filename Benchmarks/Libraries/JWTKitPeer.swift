import Contest
import Dispatch
import Foundation
import JWTKit
import Synchronization

/// vapor/jwt-kit on the same tokens.
public enum JWTKitPeer {
    /// Verifies tokens with a shared secret.
    ///
    /// - Parameters:
    ///   - secret: the key of HS256.
    ///   - keyID: its `kid`.
    ///   - tokens: presented in turn.
    ///   - checksHeader: whether everything is checked that the JWT strategies check; otherwise as jwt-kit comes, which
    ///     looks at `alg` and `kid` only.
    /// - Returns: the contestant.
    public static func hs256(
        secret: [UInt8], keyID: String, tokens: [String], checksHeader: Bool = true
    ) async -> Contestant {
        let keys = JWTKeyCollection()
        let (key, kid) = (HMACKey(from: secret), JWKIdentifier(string: keyID))
        if checksHeader {
            await keys.add(hmac: key, digestAlgorithm: .sha256, kid: kid, parser: AccessTokenParser())
        } else {
            await keys.add(hmac: key, digestAlgorithm: .sha256, kid: kid)
        }
        return contestant(keys, tokens)
    }

    /// jwt-kit is asynchronous: a slice is one task, so that going there and back is paid once.
    private static func contestant(_ keys: JWTKeyCollection, _ tokens: [String]) -> Contestant {
        Contestant("jwt-kit") { first, count in
            let done = DispatchSemaphore(value: 0)
            let counter = Counter()
            Task.detached {
                for index in first..<first + count {
                    let payload = try? await keys.verify(
                        tokens[index % tokens.count], as: AccessTokenPayload.self)
                    if payload != nil { counter.increment() }
                }
                done.signal()
            }
            done.wait()
            return counter.value
        }
    }
}

/// What a task counts and its starter reads after it.
private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .acquiring) }
    func increment() { count.add(1, ordering: .releasing) }
}
