import AuthCore
import Backends

/// What those can do who cannot sign: whoever sees a token, and whoever checks it.
extension Trial where S: ~Copyable {
    /// JWT-38: base64url hides nothing (RFC 7519 section 12), so that no token may carry what could be presented.
    ///
    /// The cases are the claims that were read.
    mutating func checkReadableClaims() throws {
        let credential = try here.login(alice, at: start)
        guard let token = GenuineToken(credential.headerLine) else {
            throw NotApplicableError("the credential is no compact JWS")
        }
        let refreshToken = String(decoding: credential.refreshToken, as: UTF8.self)
        for name in token.claimNames {
            let value = token.texts(of: [name])[0] ?? ""
            try require(
                refreshToken.isEmpty || !value.contains(refreshToken),
                "the claim \(name) shows the refresh token to whoever reads the token")
        }
    }

    /// JWT-39: who checks a signature with a public key cannot make one.
    ///
    /// With a secret whoever checks can also sign. The cases are the tokens that were made, or could not be made, with the public key.
    mutating func checkVerifierPower() throws {
        let credential = try here.login(alice, at: start)
        let key = here.verificationKey
        let corpus = try corpus(of: credential)
        guard !key.isEmpty else {
            try mustAccept(try corpus.signed(), "a token that was made with the secret of a verifier")
            throw NotApplicableError(
                "whoever verifies holds the secret that signs: a token made with it was accepted")
        }
        let input = "\(corpus.genuine.parts[0]).\(corpus.genuine.parts[1])"
        let octets = Array(input.utf8)
        if let kind = SignatureKind.named[corpus.algorithm] {
            var verifier = try SignatureVerifier(kind, publicKey: key)
            try require(
                verifier.isValid(corpus.genuineSignature().span, for: octets.span),
                "verificationKey is not the key that its tokens are checked with")
        }
        for kind in SignatureKind.allCases {
            cases += 1
            guard var signer = try? Signer(kind, privateKey: key.span),
                let signature = try? signer.sign(octets.span)
            else { continue }
            let line = corpus.genuine.line("\(input).\(GenuineToken.encoded(signature))")
            try mustRefuse(line, "a token signed as \(kind) with the key that verifies")
        }
        for token in corpus.tokens where token.requirement == "JWT-10" {
            try mustRefuse(token.line, "a token that a verifier made, \(token.what)")
        }
    }
}

extension SignatureKind {
    /// By the names of RFC 7518 section 3.1 and RFC 8037 section 3.1.
    fileprivate static let named: [String: Self] = [
        "RS256": .rsaPKCS1, "PS256": .rsaPSS, "ES256": .ecdsaP256, "EdDSA": .ed25519,
    ]
}
