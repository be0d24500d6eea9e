import AuthCore
import Backends

extension TokenCorpus {
    /// NEG-A: what a header may say of the algorithm, each with a good signature.
    mutating func addAlgorithms() throws {
        add("A", "JWT-08", "the genuine token", genuine.line, isControl: true)
        add("A", "JWT-08", "the genuine claims signed again", try signed(), isControl: true)
        for name in ["none", "None", "NONE", "nOnE", "none ", ""] {
            let header = genuine.header(["alg": "\"\(name)\""])
            add("A", "JWT-09", "alg \"\(name)\"", try signed(header: header))
            let unsigned = "\(GenuineToken.encoded(header)).\(genuine.parts[1])."
            add("A", "JWT-09", "alg \"\(name)\" without a signature", genuine.line(unsigned))
        }
        for value in ["null", "256", "[\"\(algorithm)\"]", "true", "{}"] {
            add("A", "JWT-09", "alg \(value)", try signed(header: genuine.header(["alg": value])))
        }
        add("A", "JWT-09", "alg absent", try signed(header: genuine.header(["alg": GenuineToken.absent])))
        let others = ["HS256", "HS384", "HS512", "RS256", "RS384", "PS256", "ES256", "ES256K", "EdDSA"]
        for name in others + [algorithm.lowercased(), algorithm + " "] where name != algorithm {
            let header = genuine.header(["alg": "\"\(name)\""])
            add("A", "JWT-08", "alg \"\(name)\" for a key of \(algorithm)", try signed(header: header))
        }
    }

    /// NEG-B: another algorithm with the key of this one, in every form in which a key is written.
    mutating func addConfusions() throws {
        if publicKey.isEmpty {
            let pair = try KeyPair(for: .rsaPKCS1)
            var signer = try Signer(.rsaPKCS1, privateKey: pair.privateKey.span)
            let header = genuine.header(["alg": "\"RS256\""])
            let input = "\(GenuineToken.encoded(header)).\(genuine.parts[1])"
            let bytes = Array(input.utf8)
            let signature = try signer.sign(bytes.span)
            add(
                "B", "JWT-10", "signed with somebody's RSA key",
                genuine.line("\(input).\(GenuineToken.encoded(signature))"))
            for secret in ["", "secret", "0"] {
                try addMAC(keyedBy: Array(secret.utf8), "the secret \"\(secret)\"")
            }
            return
        }
        let body = GenuineToken.encoded(publicKey).replacing("-", with: "+").replacing("_", with: "/")
        let lines = stride(from: 0, to: body.utf8.count, by: 64).map { start in
            String(body.dropFirst(start).prefix(64))
        }
        let pem = (["-----BEGIN PUBLIC KEY-----"] + lines + ["-----END PUBLIC KEY-----"]).joined(
            separator: "\n")
        // A 2048-bit SubjectPublicKeyInfo has 24 bytes before the PKCS#1 key; the modulus stands 9 further on.
        let pkcs1 = Array(publicKey.dropFirst(24))
        let modulus = Array(publicKey.dropFirst(33).prefix(256))
        let jwk = #"{"kty":"RSA","n":"\#(GenuineToken.encoded(modulus))","e":"AQAB"}"#
        let forms: [(String, [UInt8])] = [
            ("DER", publicKey), ("PKCS#1 DER", pkcs1), ("the modulus", modulus), ("PEM", Array(pem.utf8)),
            ("PEM with a newline", Array((pem + "\n").utf8)),
            ("PEM with CRLF", Array(pem.replacing("\n", with: "\r\n").utf8)), ("JWK text", Array(jwk.utf8)),
            ("an OpenSSH line", Array("ssh-rsa \(body)".utf8)), ("nothing", []),
        ]
        for (name, key) in forms { try addMAC(keyedBy: key, "the public key as \(name)") }
    }

    /// HMAC over the genuine claims, once as HS256 and once under our own algorithm's name.
    private mutating func addMAC(keyedBy key: [UInt8], _ what: String) throws {
        var mac = HMACSHA256(key: key)
        for name in Set(["HS256", algorithm]).sorted() {
            let header = genuine.header(["alg": "\"\(name)\""])
            let input = Array("\(GenuineToken.encoded(header)).\(genuine.parts[1])".utf8)
            let code = mac.code(for: input.span)
            let signature = GenuineToken.encoded(code.indices.map { code[$0] })
            let token = String(decoding: input, as: UTF8.self) + "." + signature
            add("B", "JWT-10", "\(name) keyed by \(what)", genuine.line(token))
        }
    }

    /// NEG-C and NEG-E: what may stand in the place of the signature.
    mutating func addSignatures() throws {
        let good = genuineSignature()
        let other = try signed(claims: genuine.claims(["jti": "\"another\""]))
        let otherSignature =
            String(decoding: other, as: UTF8.self).split(separator: ".").last.map(String.init) ?? ""
        let bodies: [(String, [UInt8])] = [
            ("a byte short", good.dropLast()), ("a byte long", good + [0]), ("zeros before", [0] + good),
            ("half of it", Array(good.prefix(good.count / 2))), ("all zero", good.map { _ in 0 }),
            ("its first byte", Array(good.prefix(1))), ("twice", good + good),
            ("512 bytes", good.map { _ in 1 } + good),
        ]
        for (what, body) in bodies {
            let isRSA = algorithm.hasPrefix("RS") || algorithm.hasPrefix("PS")
            let length = body.count != good.count && isRSA ? "JWT-19" : "JWT-17"
            add("C", length, "signature: \(what)", resigned(GenuineToken.encoded(Array(body))))
        }
        for index in good.indices {
            var bent = good
            bent[index] ^= 1 << UInt8(index % 8)
            add(
                "C", "JWT-17", "signature with a bit flipped in byte \(index)",
                resigned(GenuineToken.encoded(bent)))
        }
        if algorithm == "ES256" { addCurvePoints(good) }
        add("C", "JWT-17", "empty signature", resigned(""))
        add(
            "C", "JWT-01", "signature and its dot stripped",
            genuine.line(genuine.parts.prefix(2).joined(separator: ".")))
        add("C", "JWT-16", "the signature of another token", resigned(otherSignature))
        let swapped = "\(genuine.parts[1]).\(genuine.parts[0]).\(genuine.parts[2])"
        add("C", "JWT-16", "header and payload swapped", genuine.line(swapped))
        // The same claims written another way: a verifier that encodes anew would take the old signature.
        let spaced = GenuineToken.encoded(genuine.claims.replacing(",", with: ", "))
        add(
            "C", "JWT-16", "claims with white space under the old signature",
            genuine.line("\(genuine.parts[0]).\(spaced).\(genuine.parts[2])"))
        add(
            "C", "JWT-16", "claims with white space signed as they are",
            try signed(claims: genuine.claims.replacing(",", with: ", ")), isControl: true)
        // Nothing of the claims may be told by how a bad signature is refused.
        let expired = GenuineToken.encoded(genuine.claims(["exp": "1"]))
        add(
            "C", "JWT-23", "expired claims under a bad signature",
            genuine.line("\(genuine.parts[0]).\(expired).\(genuine.parts[2])"))
        add(
            "C", "JWT-23", "claims that are no JSON under a bad signature",
            genuine.line("\(genuine.parts[0]).AAAA.\(genuine.parts[2])"))
    }

    /// Numbers that no signature has (CVE-2022-21449), and the genuine ones in DER (RFC 7518 section 3.4).
    private mutating func addCurvePoints(_ good: [UInt8]) {
        let zero = [UInt8](repeating: 0, count: 32)
        let (first, second) = (Array(good.prefix(32)), Array(good.dropFirst(32)))
        let der = [0x30, 0x46] + [[0x02, 0x21, 0x00] + first, [0x02, 0x21, 0x00] + second].joined()
        let most = [UInt8](repeating: 0xFF, count: 32)
        for (what, body) in [
            ("r = s = 0", zero + zero), ("r = 0", zero + second), ("s = 0", first + zero),
            ("r beyond the order", most + second), ("s beyond the order", first + most), ("DER", der),
        ] { add("C", "JWT-20", "signature: \(what)", resigned(GenuineToken.encoded(body))) }
    }
}
