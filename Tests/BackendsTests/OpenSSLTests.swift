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
    func sha256() throws {
        var hasher = try SHA256()
        for _ in 0..<3 {
            #expect(
                hex(try hasher.digest(Array("abc".utf8).span))
                    == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        }
    }

    /// RFC 4231 section 4.3.
    @Test("computes HMAC-SHA256, again and again on one context")
    func hmac() throws {
        var mac = try HMACSHA256(key: Array("Jefe".utf8))
        for _ in 0..<3 {
            #expect(
                hex(try mac.code(for: Array("what do ya want for nothing?".utf8).span))
                    == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        }
    }

    @Test("verifies its own RSA signature and nothing near it")
    func rsa() throws {
        let keys = try RSAKeyPair()
        var signer = try RSASigner(privateKey: keys.privateKey)
        var verifier = try RSAVerifier(publicKey: keys.publicKey)
        var hasher = try SHA256()
        let digest = try hasher.digest(Array("message".utf8).span)
        let other = try hasher.digest(Array("massage".utf8).span)
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
