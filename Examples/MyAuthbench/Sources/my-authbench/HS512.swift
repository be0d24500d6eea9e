import AuthBenchParts
import CExampleOpenSSL

/// HMAC with SHA-512 (RFC 7518 section 3.2): an algorithm of your own, by one call of OpenSSL for each signature.
///
/// `Token<HS512>` is the strategy; form, claims and refusals are authbench's.
struct HS512: TokenAlgorithm, ~Copyable {
    static let name = "HS512"
    static let title = "HMAC-SHA512"

    static func makeKeys(_ parameters: StrategyParameters) -> [UInt8] {
        (0..<64).map { _ in UInt8.random(in: 0...255) }
    }

    private let key: [UInt8]
    var signature_bytes: Int { 64 }

    init(signingWith keys: [UInt8]) { key = keys }

    init(verifyingWith keys: [UInt8]) { key = keys }

    mutating func sign(_ input: [UInt8]) -> [UInt8] { code(for: input) }

    mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool {
        let expected = code(for: input.indices.map { input[$0] })
        // As long for every signature: how much of it is right must not show.
        var difference: UInt8 = signature.count == expected.count ? 0 : 1
        for (one, other) in zip(signature, expected) { difference |= one ^ other }
        return difference == 0
    }

    private func code(for input: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: signature_bytes)
        var count: UInt32 = 0
        _ = HMAC(EVP_sha512(), key, Int32(key.count), input, input.count, &result, &count)
        return result
    }
}
