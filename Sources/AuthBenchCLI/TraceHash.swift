import AuthCore
import Backends

extension Trace {
    /// SHA-256 of the whole trace, in hexadecimal.
    func sha256() -> String {
        SHA256.hexadecimal { take in forEachChunk { take($0) } }
    }
}

extension WithdrawalPlan {
    /// SHA-256 of the plan under a policy, in hexadecimal: what stands for a trace where none is replayed.
    func sha256(_ policy: Policy) -> String {
        SHA256.hexadecimal { take in take(canonicalBytes(policy)) }
    }
}

extension SHA256 {
    /// The hash of bytes that are there as a whole.
    static func hexadecimal(of bytes: [UInt8]) -> String {
        hexadecimal { take in take(bytes) }
    }

    /// The hash of all chunks that `feed` hands over.
    fileprivate static func hexadecimal(_ feed: (_ take: ([UInt8]) -> Void) -> Void) -> String {
        var hasher = SHA256()
        hasher.start()
        feed { hasher.update($0.span) }
        let digest = hasher.finish()
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for index in digest.indices {
            text.append(digits[Int(digest[index] >> 4)])
            text.append(digits[Int(digest[index] & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
