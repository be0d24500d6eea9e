import Contest
import Foundation

/// Foundation's JSONDecoder on the same payloads, with the same checks.
public enum FoundationPeer {
    public static func claims(_ payloads: [[UInt8]]) -> Contestant {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        let texts = payloads.map { Data($0) }
        return Contestant("JSONDecoder") { first, count in
            var right = 0
            for index in first..<first + count {
                let claims = try decoder.decode(AccessTokenPayload.self, from: texts[index % texts.count])
                try claims.verify()
                right += 1
            }
            return right
        }
    }
}
