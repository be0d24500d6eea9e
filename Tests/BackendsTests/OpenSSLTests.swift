import Backends
import Foundation
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

    @Test("verifies its own signature and nothing near it", arguments: SignatureKind.allCases)
    func signature(kind: SignatureKind) throws {
        let keys = try KeyPair(for: kind)
        var signer = try Signer(kind, privateKey: keys.privateKey.span)
        var verifier = try SignatureVerifier(kind, publicKey: keys.publicKey)
        func isValid(_ signature: [UInt8], for text: String) -> Bool {
            verifier.isValid(signature.span, for: Array(text.utf8).span)
        }
        // Of an elliptic curve, every 128th signature has a number with a zero byte in front.
        for round in 0..<(kind == .ecdsaP256 ? 600 : 3) {
            let signature = try signer.sign(Array("message \(round)".utf8).span)
            let length = verifier.signature_bytes
            #expect(signature.count == length)
            #expect(isValid(signature, for: "message \(round)"))
            #expect(!isValid(signature, for: "massage \(round)"))
        }
        let signature = try signer.sign(Array("message".utf8).span)
        for index in stride(from: 0, to: signature.count, by: 15) {
            var bent = signature
            bent[index] ^= 1
            #expect(!isValid(bent, for: "message"))
        }
        #expect(!isValid(Array(signature.dropLast()), for: "message"))
        #expect(!isValid(signature + [0], for: "message"))
        #expect(!isValid(signature.map { _ in 0 }, for: "message"))
        #expect(!isValid(signature.map { _ in 0xFF }, for: "message"))
        #expect(isValid(signature, for: "message"), "a refusal must not spoil the context")
        let others = try KeyPair(for: kind)
        var stranger = try SignatureVerifier(kind, publicKey: others.publicKey)
        let isTaken = stranger.isValid(signature.span, for: Array("message".utf8).span)
        #expect(!isTaken)
    }

    @Test("verifies the published signatures of RFC 7515 appendix A.3 and RFC 8037 appendix A.4")
    func published() throws {
        func bytes(_ hex: String) -> [UInt8] {
            let digits = Array(hex)
            return stride(from: 0, to: digits.count, by: 2).map {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0
            }
        }
        func decoded(_ text: String) -> [UInt8] {
            let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
            let padded = base64 + String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
            return [UInt8](Data(base64Encoded: padded) ?? Data())
        }
        let ecdsa =
            bytes("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
            + decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
            + decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        let claims =
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        var verifier = try SignatureVerifier(.ecdsaP256, publicKey: ecdsa)
        let ofECDSA = decoded(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
        let isECDSA = verifier.isValid(ofECDSA.span, for: Array("eyJhbGciOiJFUzI1NiJ9.\(claims)".utf8).span)
        #expect(isECDSA)
        let edwards =
            bytes("302a300506032b6570032100") + decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        var other = try SignatureVerifier(.ed25519, publicKey: edwards)
        let ofEdwards = decoded(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
        let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        let isEdwards = other.isValid(ofEdwards.span, for: Array(text.utf8).span)
        #expect(isEdwards)
    }

    @Test("refuses keys of another kind, size or curve, and a public key to sign with")
    func unfitKey() throws {
        let weak = try KeyPair(for: .rsaPKCS1, bits: 1024)
        for kind in SignatureKind.allCases {
            #expect(throws: OpenSSLError.self) {
                _ = try SignatureVerifier(kind, publicKey: weak.publicKey)
            }
            #expect(throws: OpenSSLError.self) {
                _ = try Signer(kind, privateKey: weak.privateKey.span)
            }
            let keys = try KeyPair(for: kind)
            #expect(throws: OpenSSLError.self) { _ = try Signer(kind, privateKey: keys.publicKey.span) }
        }
        // A key of P-384, made by openssl ecparam.
        let other = Data(
            base64Encoded:
                "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEtmZTYd/Cy5u/pDoee8eUdm5rX99prC996lPbm7/fruUxzGnA9F4oeLNXOtpRmkQMTS+gXtAw+CrS+8iUOU56hXGW/foBf+3QXpiQ4eQFf80LrEUljNoxcPG62PENR1T9"
        )
        #expect(throws: OpenSSLError.self) {
            _ = try SignatureVerifier(.ecdsaP256, publicKey: [UInt8](other ?? Data()))
        }
        #expect(throws: EncodedKeyError.curve) {
            _ = try EncodedKey(decoding: [UInt8](other ?? Data()).span, for: .ecdsaP256)
        }
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
