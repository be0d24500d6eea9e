import AuthCore
import AuthText
import Backends
import Foundation
import Testing

@testable import AuthStrategies

@Suite("Keys of tokens")
struct TokenKeyTests {
    /// 32 bytes as base64url.
    private static let k = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

    /// Why a file is refused, if it is.
    private func fault(_ file: [UInt8], _ algorithm: AlgorithmName = .hs256, _ use: KeyUse = .verify)
        -> String?
    {
        do {
            _ = try TokenKey.read(SecretBytes(copying: file.span), for: algorithm, to: use)
            return nil
        } catch { return error.description }
    }

    private func fault(_ file: String, _ algorithm: AlgorithmName = .hs256, _ use: KeyUse = .verify)
        -> String?
    {
        fault(Array(file.utf8), algorithm, use)
    }

    @Test(
        "takes a JWK that says nothing against its use",
        arguments: [
            "", #","alg":"HS256""#, #","use":"sig""#, #","key_ops":["sign","verify"]"#, #","kid":"2026-01""#,
            #","x":[1,{}]"#, #","use":"sig","key_ops":["verify"]"#,
        ])
    func accepted(more: String) {
        #expect(fault(#"{"kty":"oct","k":"\#(Self.k)"\#(more)}"#) == nil)
        #expect(fault("\n" + #" {"kty":"oct","k":"\#(Self.k)"\#(more)} "#) == nil)
    }

    @Test(
        "refuses a JWK that says something against it",
        arguments: [
            (#","alg":"RS256""#, "\"alg\""), (#","alg":"hs256""#, "\"alg\""), (#","alg":null"#, "\"alg\""),
            (#","use":"enc""#, "\"use\""), (#","use":["sig"]"#, "\"use\""),
            (#","key_ops":["sign"]"#, "\"key_ops\""),
            (#","key_ops":"verify""#, "\"key_ops\""), (#","key_ops":["verify","verify"]"#, "\"key_ops\""),
            (#","key_ops":["verify",1]"#, "\"key_ops\""), (#","kid":"""#, "\"kid\""),
            (#","kid":1"#, "\"kid\""),
            (#","kid":"a\u0022b""#, "\"kid\""), (#","n":"AQAB""#, "\"k\" alone"),
            (#","d":1"#, "not a string"),
            (#","kty":"oct""#, "stands twice"), (#","keys":[]"#, "JWK Set"), (#","oth":[]"#, "two primes"),
        ])
    func refused(more: String, reason: String) throws {
        let message = try #require(fault(#"{"kty":"oct","k":"\#(Self.k)"\#(more)}"#))
        #expect(message.contains(reason), "\(message)")
        #expect(!message.contains(Self.k))
    }

    @Test(
        "refuses what is no single JWK of a secret",
        arguments: [
            (#"{"keys":[{"kty":"oct","k":"\#(k)"}]}"#, "JWK Set"),
            (#"[{"kty":"oct","k":"\#(k)"}]"#, "strict JSON"),
            (#"{"k":"\#(k)"}"#, "\"kty\" is missing"), (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "\"kty\""),
            (#"{"kty":"oct"}"#, "\"k\" alone"), (#"{"kty":"oct","k":"\#(k)=" }"#, "base64url"),
            (#"{"kty":"oct","k":"AAEC"}"#, "3 bytes"), (#"{"kty":"oct","k":"\#(k)",}"#, "strict JSON"),
            ("\u{FEFF}" + #"{"kty":"oct","k":"\#(k)"}"#, "strict JSON"),
            (#"{"kty":"oct","k":"\#(k)"} x"#, "strict JSON"),
        ])
    func noSecret(text: String, reason: String) throws {
        let message = try #require(fault(text))
        #expect(message.contains(reason), "\(message)")
    }

    @Test("never takes the text of a public key for a secret, in a JWK neither")
    func confusion() throws {
        let der = try KeyPair(for: .rsaPKCS1).publicKey
        let pem = Array("-----BEGIN PUBLIC KEY-----\n".utf8) + Base64URL.encode(der)
        let jwk = Array(#"{"kty":"RSA","n":"\#(Self.k)","e":"AQAB"}"#.utf8)
        let openSSH = Array("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7".utf8)
        for text in [der, der + [0x0A], pem, Array("\r\n".utf8) + pem, jwk, openSSH] {
            #expect(fault(text) != nil)
            let k = String(decoding: Base64URL.encode(text), as: UTF8.self)
            #expect(fault(#"{"kty":"oct","k":"\#(k)"}"#)?.contains("another key") == true)
        }
    }

    @Test("knows a key's text in other encodings too, and in a JWK")
    func encodings() throws {
        let pair = try KeyPair(for: .rsaPKCS1)
        let pem = try NewKey.pair(for: .rsaPKCS1).withBytes { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
        let standard = Data(pair.publicKey).base64EncodedString()
        let jwk = #"{"kty":"RSA","n":"\#(Self.k)","e":"AQAB"}"#
        let lines = pem.split(separator: "\n")
        let blob = [0, 0, 0, 7] + Array("ssh-rsa".utf8) + [0, 0, 0, 3, 1, 0, 1] + pair.publicKey
        let hex = pair.publicKey.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let texts = [
            standard, Data(pair.publicKey).base64EncodedString(options: .lineLength64Characters),
            String(decoding: Base64URL.encode(pair.publicKey), as: UTF8.self), "key = \"\(standard)\"",
            lines.dropFirst().joined(separator: "\n"), lines.dropLast().joined(separator: "\n"),
            lines.dropFirst().dropLast().joined(separator: "\n"),
            lines.dropFirst().dropLast().joined(separator: #"\n"#),
            Data(jwk.utf8).base64EncodedString(),
            Data(Data(jwk.utf8).base64EncodedString().utf8).base64EncodedString(),
            Data(pem.utf8).base64EncodedString(), Data(blob).base64EncodedString(), hex.joined(),
            hex.joined(separator: ":"),
        ]
        let wide = [pem, jwk, standard].flatMap { text in
            [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32].compactMap {
                text.data(using: $0)
            }
        }
        for (index, text) in (texts.map { Array($0.utf8) } + wide.map { Array($0) }).enumerated() {
            #expect(fault(text) != nil, "\(index)")
            let k = String(decoding: Base64URL.encode(text), as: UTF8.self)
            #expect(
                fault(#"{"kty":"oct","k":"\#(k)"}"#)?.contains("another key") == true, "\(index) in a JWK")
        }
    }

    @Test("takes secrets as tools make them")
    func secrets() throws {
        for _ in 0..<200 {
            let bytes = (0..<48).map { _ in UInt8.random(in: 0...255) }
            #expect(fault(bytes) == nil, "\(bytes)")
            #expect(fault(Data(bytes).base64EncodedString() + "\n") == nil, "\(bytes)")
            #expect(fault(bytes.map { String($0, radix: 16) }.joined()) == nil, "\(bytes)")
        }
        #expect(fault("correct horse battery staple, and a few words more") == nil)
    }

    @Test("takes a secret of 32 bytes, and none of 31")
    func length() {
        #expect(fault([UInt8](repeating: 7, count: 32)) == nil)
        #expect(fault([UInt8](repeating: 7, count: 31))?.contains("31 bytes") == true)
    }

    @Test("makes a token with the private half only, and refuses two keys in one file")
    func halves() throws {
        let pair = try KeyPair(for: .rsaPKCS1)
        #expect(fault(pair.publicKey, .rs256) == nil)
        #expect(fault(pair.publicKey, .rs256, .sign)?.contains("public key") == true)
        #expect(fault(pair.privateKey, .rs256, .sign) == nil)
        let file = try NewKey.pair(for: .rsaPKCS1)
        let text = file.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        #expect(fault(text, .rs256, .sign) == nil)
        #expect(fault(text + text, .rs256)?.contains("more than one") == true)
    }

    @Test(
        "refuses an RSA JWK whose numbers are not those of one half or both",
        arguments: [
            #""n":"AQAB""#, #""e":"AQAB""#, #""n":"AQAB","e":"AQAB","d":"AQAB""#, #""n":"AAEB","e":"AQAB""#,
            #""n":"","e":"AQAB""#, #""n":"AQAB","k":"AQAB""#,
        ])
    func numbers(members: String) {
        #expect(fault(#"{"kty":"RSA",\#(members)}"#, .rs256) != nil)
    }

    /// The members of a JWK on a curve.
    private func curve(
        _ algorithm: AlgorithmName, _ pair: KeyPair, secret: [UInt8]? = nil
    ) -> [String: String] {
        func text(_ bytes: some Sequence<UInt8>) -> String {
            String(decoding: Base64URL.encode(Array(bytes)), as: UTF8.self)
        }
        let isP256 = algorithm == .es256
        let point = Array(pair.publicKey.suffix(isP256 ? 64 : 32))
        var members = [
            "kty": isP256 ? "EC" : "OKP", "crv": isP256 ? "P-256" : "Ed25519", "x": text(point.prefix(32)),
        ]
        if isP256 { members["y"] = text(point.suffix(32)) }
        if let secret { members["d"] = text(secret) }
        return members
    }

    private func json(_ members: [String: String]) -> String {
        "{" + members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",") + "}"
    }

    @Test("takes a JWK on a curve with one half or both, and none whose numbers do not belong together")
    func curves() throws {
        for algorithm in [AlgorithmName.es256, .eddsa] {
            let kind: SignatureKind = algorithm == .es256 ? .ecdsaP256 : .ed25519
            let (pair, other) = (try KeyPair(for: kind), try KeyPair(for: kind))
            func secret(_ pair: KeyPair) -> [UInt8] {
                // ECPrivateKey (RFC 5915) begins with 7 bytes; PKCS#8 (RFC 8410) ends with the key.
                kind == .ecdsaP256 ? Array(pair.privateKey[7..<39]) : pair.privateKey.suffix(32)
            }
            let (shared, own) = (curve(algorithm, pair), curve(algorithm, pair, secret: secret(pair)))
            #expect(fault(json(shared), algorithm) == nil)
            #expect(fault(json(own), algorithm) == nil)
            #expect(fault(json(own), algorithm, .sign) == nil)
            #expect(fault(json(shared), algorithm, .sign)?.contains("public key") == true)
            #expect(
                fault(pair.publicKey, algorithm) == nil && fault(pair.privateKey, algorithm, .sign) == nil)
            let mixed = json(curve(algorithm, pair, secret: secret(other)))
            #expect(fault(mixed, algorithm)?.contains("belong together") == true, "\(algorithm)")
            for (name, value, reason) in [
                ("crv", "P-384", "\"crv\""), ("crv", nil, "\"crv\""), ("x", nil, "other numbers"),
                ("x", "AAEC", "32 bytes"), ("kty", "RSA", "\"kty\""), ("n", "AQAB", "other numbers"),
                ("alg", "RS256", "\"alg\""),
            ] as [(String, String?, String)] {
                var members = shared
                members[name] = value
                #expect(fault(json(members), algorithm)?.contains(reason) == true, "\(name) \(value ?? "")")
            }
            // Not of this algorithm, though of its family in name.
            #expect(fault(json(shared), algorithm == .es256 ? .eddsa : .es256) != nil)
            #expect(fault(pair.publicKey, .rs256) != nil)
        }
    }
}
