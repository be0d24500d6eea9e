import AuthCore
import Backends

/// A refresh token, opaque to the client: family, generation and a code over both, in base64url.
///
/// The code is HMAC-SHA256 under a key of the server. So a forged token is refused without a look into the
/// store, a retired one is told from a forged one with certainty, and the successor of a token can be made
/// again for a client that lost the answer, although the store holds only its hash.
struct RefreshToken {
    static let family_bytes = 16
    private static let generation_bytes = 4
    private static let body_bytes = family_bytes + generation_bytes
    private static let token_bytes = body_bytes + 32
    static let length = Base64URL.encodedCount(token_bytes)
    /// Keeps the codes of refresh tokens apart from any other use of the key.
    private static let purpose = Array("authbench refresh token".utf8)

    var family: [UInt8]
    var generation: UInt32

    /// The token's text.
    func text(_ mac: inout HMACSHA256) -> [UInt8] {
        var bytes = body
        let code = mac.code(for: (Self.purpose + bytes).span)
        for index in code.indices { bytes.append(code[index]) }
        return Base64URL.encode(bytes)
    }

    /// Reads a token that this server minted; `nil` for any other text.
    static func read(_ text: Span<UInt8>, _ mac: inout HMACSHA256) -> RefreshToken? {
        guard text.count == length, let bytes = Base64URL.decode(text) else { return nil }
        var generation: UInt32 = 0
        for byte in bytes[family_bytes..<body_bytes] { generation = generation << 8 | UInt32(byte) }
        let token = RefreshToken(family: Array(bytes[..<family_bytes]), generation: generation)
        let code = mac.code(for: (purpose + token.body).span)
        return constantTimeEquals(code.span, bytes.span.extracting(last: 32)) ? token : nil
    }

    private var body: [UInt8] {
        var bytes = family
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: generation >> UInt32(shift))) }
        return bytes
    }
}
