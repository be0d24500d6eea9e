import AuthCore
import HotPaths
import AuthStrategies
import Benchmark
import Contest
import Peers

/// Every piece of a hot path alone; times are of one operation.
let benchmarks: @Sendable () -> Void = {
    kernel("HMAC-SHA256") {
        let scene = try TokenScene()
        return CryptoHotPaths.hmac(key: scene.keys.secret, of: scene.hs256Inputs)
    }
    kernel("SHA-256") { CryptoHotPaths.sha256(of: try TokenScene().hs256Inputs) }
    kernel("base64url encode") { TextHotPaths.base64Encode(try TokenScene().hs256Payloads) }
    kernel("base64url decode") { TextHotPaths.base64Decode(try TokenScene().hs256PayloadTexts) }
    kernel("header parse") { try TextHotPaths.headerParse(TokenScene.tokens) }
    kernel("claims reader") { try TextHotPaths.claimsReader(TokenScene.tokens) }
    kernel("hs256-jwt authenticate") { try TokenScene().hs256.authenticate }
    kernel("hs256-jwt login") { try TokenScene().hs256.login }
    kernel("rs256-jwt authenticate") { try TokenScene().rs256.authenticate }
    kernel("rs256-jwt login") { try TokenScene().rs256.login }
    kernel("SQLite point read") {
        let scene = try StoreScene()
        return try scene.sqlitePointRead()
    }
    kernel("SQLite insert") { try StoreScene().sqliteInsert() }
    kernel("Redis round trip") { try StoreScene().redisRoundTrip() }
    kernel("histogram record") { HarnessHotPaths.histogramRecord }
    kernel("clock read") { HarnessHotPaths.clockRead }
    kernel("trace step") { HarnessHotPaths.traceStep }
    harness("null operation through the harness", operations: 1_000_000) {
        try ClientHotPath(NullStrategy.self, clients: 1, population: 1000, environment: .withoutStores)
    }
}
