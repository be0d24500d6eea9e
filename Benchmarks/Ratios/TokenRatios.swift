import AuthCore
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
