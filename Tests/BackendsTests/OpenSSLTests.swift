import Backends
import Testing

@Suite("OpenSSL")
struct OpenSSLTests {
    private func hex(_ digest: Digest) -> String {
        digest.indices.map { index in
            let text = String(digest[index], radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// FIPS 180-4, example "abc".
    @Test("computes SHA-256, again and again on one context")
    func sha256() {
        var hasher = SHA256()
        for _ in 0..<3 {
            #expect(
                hex(hasher.digest(Array("abc".utf8).span))
                    == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        }
    }

    /// RFC 4231 section 4, cases 1 to 4, 6 and 7; the last two have a key longer than a block.
    @Test(
        "computes HMAC-SHA256, again and again with one key",
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                [UInt8](1...25), [UInt8](repeating: 0xCD, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array(
                    """
                    This is a test using a larger than block-size key and a larger than block-size data. The key needs to \
                    be hashed before being used by the HMAC algorithm.
                    """.utf8),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ])
    func hmac(key: [UInt8], message: [UInt8], code: String) {
        var mac = HMACSHA256(key: key)
        for _ in 0..<3 { #expect(hex(mac.code(for: message.span)) == code) }
    }

    @Test("hashes and signs messages of every length as the definition of HMAC has it")
    func hmacLengths() {
        let key = [UInt8](0..<32)
        var mac = HMACSHA256(key: key)
        var hasher = SHA256()
        let block = key + [UInt8](repeating: 0, count: 32)
        for count in 0..<200 {
            let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let inner = hasher.digest((block.map { $0 ^ 0x36 } + message).span)
            let outer = hasher.digest((block.map { $0 ^ 0x5C } + inner.indices.map { inner[$0] }).span)
            #expect(hex(mac.code(for: message.span)) == hex(outer))
        }
    }

    @Test("verifies its own RSA signature and nothing near it")
    func rsa() throws {
        let keys = try RSAKeyPair()
        var signer = try RSASigner(privateKey: keys.privateKey)
        var verifier = try RSAVerifier(publicKey: keys.publicKey)
        var hasher = SHA256()
        let digest = hasher.digest(Array("message".utf8).span)
        let other = hasher.digest(Array("massage".utf8).span)
        let signature = try signer.sign(digest)
        func isValid(_ signature: [UInt8], for digest: Digest) -> Bool {
            verifier.isValid(signature.span, for: digest)
        }
        #expect(signature.count == 256)
        #expect(isValid(signature, for: digest))
        #expect(!isValid(signature, for: other))
        for index in stride(from: 0, to: 256, by: 15) {
            var bent = signature
            bent[index] ^= 1
            #expect(!isValid(bent, for: digest))
        }
        #expect(!isValid(Array(signature.dropLast()), for: digest))
        #expect(!isValid((signature + [0]), for: digest))
        #expect(isValid(signature, for: digest), "a refusal must not spoil the context")
    }

    @Test("refuses an RSA key under 2048 bits, and a public key to sign with")
    func weakKey() throws {
        let weak = try RSAKeyPair(bits: 1024)
        #expect(throws: OpenSSLError.self) { _ = try RSAVerifier(publicKey: weak.publicKey) }
        #expect(throws: OpenSSLError.self) { _ = try RSASigner(privateKey: weak.privateKey) }
        let keys = try RSAKeyPair()
        #expect(throws: OpenSSLError.self) { _ = try RSASigner(privateKey: keys.publicKey) }
    }

    @Test("draws different bytes each time")
    func random() throws {
        let draws = try (0..<1000).map { _ in try SecureRandom.bytes(32) }
        #expect(Set(draws).count == 1000)
    }

    @Test("compares whole spans")
    func comparison() {
        func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool { constantTimeEquals(left.span, right.span) }
        #expect(equal([1, 2, 3], [1, 2, 3]))
        #expect(!equal([1, 2, 3], [1, 2, 4]))
        #expect(!equal([1, 2, 3], [1, 2]))
        #expect(equal([], []))
    }
}
