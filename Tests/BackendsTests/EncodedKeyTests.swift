import Backends
import Foundation
import Testing

@Suite("Keys from files")
struct EncodedKeyTests {
    /// The numbers of an RSAPublicKey as DER.
    private func der(modulus_bytes: Int, exponent: [UInt8]) -> [UInt8] {
        // A product of small primes must not pass either, so that the modulus is only odd here.
        var modulus = [UInt8](repeating: 0x5B, count: modulus_bytes)
        modulus[0] = 0xC1
        let integers = integer([0] + modulus) + integer(exponent)
        return [0x30, 0x82] + bigEndian(integers.count) + integers
    }

    private func integer(_ bytes: [UInt8]) -> [UInt8] {
        bytes.count < 128
            ? [0x02, UInt8(bytes.count)] + bytes : [0x02, 0x82] + bigEndian(bytes.count) + bytes
    }

    private func bigEndian(_ count: Int) -> [UInt8] { [UInt8(count >> 8), UInt8(count & 255)] }

    private func fault(_ bytes: [UInt8]) -> EncodedKeyError? {
        do {
            _ = try EncodedKey(decoding: bytes.span, for: .rsaPKCS1)
            return nil
        } catch { return error }
    }

    @Test(
        "takes both halves of a key that OpenSSL made, and hands them back alike",
        arguments: SignatureKind.allCases)
    func pair(kind: SignatureKind) throws {
        let pair = try KeyPair(for: kind)
        let whole = try EncodedKey(decoding: pair.privateKey.span, for: kind)
        let (isWhole, ofWhole) = (whole.hasPrivateHalf, whole.publicKey)
        #expect(isWhole)
        #expect(ofWhole == pair.publicKey)
        let half = try EncodedKey(decoding: pair.publicKey.span, for: kind)
        let (hasMore, ofHalf) = (half.hasPrivateHalf, half.publicKey)
        #expect(!hasMore)
        #expect(ofHalf == pair.publicKey)
    }

    @Test("refuses sizes and exponents that RFC 7518 does not allow")
    func weak() throws {
        #expect(fault(try KeyPair(for: .rsaPKCS1, bits: 1024).privateKey) == .size(bits: 1024))
        #expect(fault(der(modulus_bytes: 1032, exponent: [3])) == .size(bits: 8256))
        for exponent: [UInt8] in [[0], [1], [2], [1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 1]] {
            #expect(fault(der(modulus_bytes: 256, exponent: exponent)) == .exponent, "\(exponent)")
        }
    }

    @Test("refuses numbers that do not belong together, and anything behind the DER")
    func inconsistent() throws {
        #expect(fault(der(modulus_bytes: 256, exponent: [3])) == .inconsistent(.rsaPKCS1))
        let pair = try KeyPair(for: .rsaPKCS1)
        var bytes = pair.privateKey
        // Within the private exponent, behind version, modulus and public exponent.
        bytes[4 + 3 + 4 + 257 + 5 + 4 + 100] ^= 1
        #expect(fault(bytes) == .inconsistent(.rsaPKCS1))
        #expect(fault(pair.publicKey + [0]) == .unreadable(.rsaPKCS1))
        #expect(fault([]) == .unreadable(.rsaPKCS1))
    }

    @Test("finds a key of any kind at the beginning of bytes, and none in random ones")
    func found() throws {
        let pair = try KeyPair(for: .rsaPKCS1, bits: 1024)
        for bytes in [pair.publicKey, pair.privateKey, pair.publicKey + [0x0A]] {
            let isFound = EncodedKey.isFound(in: bytes.span)
            #expect(isFound)
        }
        for _ in 0..<100 {
            let secret = try SecureRandom.bytes(32)
            let isFound = EncodedKey.isFound(in: secret.span)
            #expect(!isFound)
        }
    }

    @Test("keeps a new key from everybody but its owner, and writes over nothing")
    func newFile() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try KeyFile.create(url.path, try NewKey.secret())
        let before = try Data(contentsOf: url)
        #expect(before.count == 32)
        let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let other = try NewKey.secret()
        #expect(throws: KeyFileError.self) { try KeyFile.create(url.path, other) }
        #expect(try Data(contentsOf: url) == before)
    }
}
