import AuthCore
import Backends

/// The numbers of a JWK as the DER of RFC 8017 appendix A.1, which OpenSSL reads and checks.
enum PKCS1 {
    /// Encodes the two numbers of an RSAPublicKey or, behind the version 0, the eight of an RSAPrivateKey.
    ///
    /// The ranges are where the numbers stand in the text of the JWK, as Base64urlUInt of RFC 7518 section 2.
    static func encode(_ ranges: [Range<Int>], in text: Span<UInt8>) throws(TokenKeyFault) -> SecretBytes {
        var content: [UInt8] = []
        // Room for all, so that no copy of a secret stays behind when an array grows.
        content.reserveCapacity(text.count + 64)
        defer { cleanse(&content) }
        if ranges.count > 2 { content += [0x02, 0x01, 0x00] }
        for range in ranges { try append(text.extracting(range), to: &content) }
        var sequence: [UInt8] = []
        sequence.reserveCapacity(content.count + 8)
        appendHeader(tag: 0x30, length: content.count, to: &sequence)
        sequence += content
        return SecretBytes(moving: &sequence)
    }

    /// Appends one INTEGER, which has a leading zero where its top bit would make it negative.
    private static func append(_ number: Span<UInt8>, to der: inout [UInt8]) throws(TokenKeyFault) {
        guard var bytes = Base64URL.decode(number), let first = bytes.first, first != 0 else {
            throw TokenKeyFault(
                "has a number that is not base64url without leading zeros (RFC 7518 section 2)")
        }
        defer { cleanse(&bytes) }
        let padding = first >> 7
        appendHeader(tag: 0x02, length: bytes.count + Int(padding), to: &der)
        if padding == 1 { der.append(0) }
        der += bytes
    }

    /// Appends a tag and a length in the fewest bytes (X.690 section 10.1).
    private static func appendHeader(tag: UInt8, length: Int, to der: inout [UInt8]) {
        der.append(tag)
        switch length {
        case 0..<0x80: der.append(UInt8(length))
        case 0..<0x100: der += [0x81, UInt8(length)]
        default: der += [0x82, UInt8(length >> 8), UInt8(length & 0xFF)]
        }
    }
}
