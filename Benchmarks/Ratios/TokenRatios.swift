import AuthCore
import HotPaths
import Contest
import Libraries
import Peers

/// The JWT strategies against their cryptography alone, and against the library that a Swift server would take.
func tokenRatios() {
    ratio("hs256-jwt authenticate against bare HMAC") {
        let scene = try TokenScene()
        return try Contest(
            Contestant(scene.hs256.authenticate),
            against: Bare.hmac(key: scene.keys.secret, of: scene.hs256Inputs))
    }
    ratio("hs256-jwt authenticate, 345-byte token against bare HMAC") {
        let scene = try TokenScene()
        return try Contest(
            Contestant(scene.small.authenticate),
            against: Bare.hmac(key: scene.keys.secret, of: scene.smallInputs))
    }
    for checksHeader in [true, false] {
        let checks = checksHeader ? "the same checks" : "no check of typ and crit"
        ratio("hs256-jwt authenticate, 345-byte token against jwt-kit, \(checks)", per: 100_000) {
            let scene = try TokenScene()
            return try Contest(
                Contestant(scene.small.authenticate),
                against: await JWTKitPeer.hs256(
                    secret: scene.keys.secret, keyID: TokenScene.keyID, tokens: scene.smallTokens,
                    checksHeader: checksHeader))
        }
    }
    ratio("rs256-jwt authenticate against bare EVP_PKEY_verify") {
        let scene = try TokenScene()
        return try Contest(
            Contestant(scene.rs256.authenticate),
            against: Bare.verify(
                publicKey: scene.keys.publicKey, digests: scene.rs256Digests,
                signatures: scene.rs256Signatures))
    }
    ratio("rs256-jwt login against bare EVP_PKEY_sign") {
        let scene = try TokenScene()
        return try Contest(
            Contestant(scene.rs256.login),
            against: Bare.sign(privateKey: scene.keys.privateKey, digests: scene.rs256Digests))
    }
    ratio("claims reader against JSONDecoder", per: 100_000) {
        try Contest(
            Contestant(TextHotPaths.claimsReader(TokenScene.tokens)),
            against: FoundationPeer.claims(TokenScene().hs256PayloadArrays))
    }
}
