import Contest
import Dispatch
import Foundation
import JWTKit
import Synchronization

/// vapor/jwt-kit on the same tokens.
public enum JWTKitPeer {
    /// Verifies tokens with a shared secret.
    public static func hs256(secret: [UInt8], keyID: String, tokens: [String]) async -> Contestant {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256, kid: JWKIdentifier(string: keyID))
        return contestant(keys, tokens)
    }

    /// Verifies tokens with a public key.
    public static func rs256(publicKeyPEM: String, keyID: String, tokens: [String]) async throws -> Contestant {
        let keys = JWTKeyCollection()
        await keys.add(
            rsa: try Insecure.RSA.PublicKey(pem: publicKeyPEM), digestAlgorithm: .sha256,
            kid: JWKIdentifier(string: keyID))
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
