import AuthCore
import AuthStrategies
import CBare
import HotPaths
import Contest
import Libraries
import Peers

/// The JWT strategies against their cryptography alone, and against the library that a Swift server would take.
func tokenRatios() {
    ratio("hs256-jwt authenticate against bare HMAC") {
        let sandbox = try TokenSandbox()
        return try Contest(
            Contestant(sandbox.hs256.authenticate),
            against: Bare.hmac(key: sandbox.keys.secret, of: sandbox.hs256Inputs))
    }
    ratio("hs256-jwt authenticate, 345-byte token against bare HMAC") {
        let sandbox = try TokenSandbox()
        return try Contest(
            Contestant(sandbox.small.authenticate),
            against: Bare.hmac(key: sandbox.keys.secret, of: sandbox.smallInputs))
    }
    for checksHeader in [true, false] {
        let checks = checksHeader ? "the same checks" : "no check of typ and crit"
        ratio("hs256-jwt authenticate, 345-byte token against jwt-kit, \(checks)", per: 100_000) {
            let sandbox = try TokenSandbox()
            return try Contest(
                Contestant(sandbox.small.authenticate),
                against: await JWTKitPeer.hs256(
                    secret: sandbox.keys.secret, keyID: TokenSandbox.keyID, tokens: sandbox.smallTokens,
                    checksHeader: checksHeader))
        }
    }
    ratio("rs256-jwt authenticate against bare EVP_PKEY_verify") {
        let sandbox = try TokenSandbox()
        return try Contest(
            Contestant(sandbox.rs256.authenticate),
            against: Bare.verify(
                publicKey: sandbox.keys.publicKey, digests: sandbox.rs256Digests,
                signatures: sandbox.rs256Signatures))
    }
    publicKey("ps256-jwt", PS256JWTStrategy.self, BARE_PS256)
    publicKey("es256-jwt", ES256JWTStrategy.self, BARE_ES256)
    publicKey("ed25519-jwt", Ed25519JWTStrategy.self, BARE_ED25519)
    ratio("denylist-pushed authenticate against hs256-jwt authenticate") {
        try Contest(
            Contestant(StoreSandbox().hotPath("denylist-pushed")),
            against: Contestant(TokenSandbox().hs256.authenticate))
    }
    ratio("rs256-jwt login against bare EVP_PKEY_sign") {
        let sandbox = try TokenSandbox()
        return try Contest(
            Contestant(sandbox.rs256.login),
            against: Bare.sign(privateKey: sandbox.keys.privateKey, digests: sandbox.rs256Digests))
    }
    ratio("claims reader against JSONDecoder", per: 100_000) {
        try Contest(
            Contestant(TextHotPaths.claimsReader(TokenSandbox.tokens)),
            against: FoundationPeer.claims(TokenSandbox().hs256PayloadArrays))
    }
}

/// A strategy whose tokens have a key pair, against its verification alone.
private func publicKey<S: AuthStrategy & ~Copyable>(_ name: String, _: S.Type, _ kind: bare_signature) {
    ratio("\(name) authenticate against bare verify") {
        let tokens = try SignedTokens(S.self)
        return try Contest(Contestant(tokens.authenticate), against: Bare.verify(tokens, kind))
    }
}
